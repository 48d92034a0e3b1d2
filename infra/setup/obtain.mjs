// One tool: looked for, else installed under its lock, then looked for again.
import { existsSync, writeFileSync } from 'node:fs'
import { SetupFault, sentenceOf } from './fault.mjs'
import { withLock } from './lock.mjs'
import { say } from './say.mjs'

/** The first of `candidates` that stands and works; `refused` collects why others do not. */
async function firstUsable(tool, candidates, ctx, refused) {
  for (const files of candidates) {
    if (!Object.values(files).every((file) => existsSync(file))) continue
    if (ctx.stamps.isVerified(tool.name, files)) return files
    const fault = await tool.usable(files)
    if (fault === undefined) {
      ctx.stamps.verified(tool.name, files)
      return files
    }
    if (!refused.includes(fault)) refused.push(fault)
  }
  return undefined
}

async function install(tool, ctx, refused) {
  const waiting = (holder) => say(tool.name, `another set-up (process ${holder.pid}) is at it, waiting`)
  return withLock(
    ctx.cache.lock(tool.name),
    async () => {
      // Whoever was waited for may have brought it.
      const already = await firstUsable(tool, tool.candidates(ctx), ctx, refused)
      if (already !== undefined) return already
      const began = Date.now()
      writeFileSync(ctx.cache.log(tool.name), '')
      await tool.install(ctx)
      const files = await firstUsable(tool, tool.candidates(ctx), ctx, refused)
      if (files === undefined) throw new SetupFault(`what was installed is not usable (log: ${ctx.cache.log(tool.name)})`)
      say(tool.name, `ready after ${Math.round((Date.now() - began) / 1000)} s`)
      return files
    },
    waiting,
  )
}

/** The sentence of a failure that is too recent to try again, unless this run insists. */
function failedBefore(tool, ctx) {
  return ctx.insist ? undefined : ctx.stamps.recentFailure(tool.name)
}

/** `{ tool, files }` or `{ tool, sentence }`; never throws. */
export async function obtain(tool, ctx) {
  const refused = []
  let sentence = failedBefore(tool, ctx)
  try {
    const found = await firstUsable(tool, tool.candidates(ctx), ctx, refused)
    if (found !== undefined) return { tool, files: found }
    if (sentence === undefined) return { tool, files: await install(tool, ctx, refused) }
  } catch (error) {
    const reasons = [sentenceOf(error), ...refused].join('; ')
    sentence = `${tool.name} could not be had (${reasons}), so ${tool.without}`
    ctx.stamps.failed(tool.name, sentence)
  }
  const fallback = await firstUsable(tool, tool.lastResort?.(ctx) ?? [], ctx, refused)
  return fallback === undefined ? { tool, sentence } : { tool, files: fallback }
}

/** All tools: one after another within a lane, the lanes side by side (a build keeps cores busy, apt a network). */
export async function obtainAll(tools, ctx) {
  const lanes = new Map()
  for (const tool of tools) lanes.set(tool.lane, [...(lanes.get(tool.lane) ?? []), tool])
  const results = new Map()
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      for (const tool of lane) results.set(tool, await obtain(tool, ctx))
    }),
  )
  return tools.map((tool) => results.get(tool))
}
