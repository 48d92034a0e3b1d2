#!/usr/bin/env node
// node infra/setup/run.mjs <command> [arguments]: brings what the command needs, then
// becomes it. Runs on Node 18 and newer with nothing installed.
import { fileURLToPath } from 'node:url'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { openCache } from './cache.mjs'
import { commands } from './commands.mjs'
import { SetupFault, sentenceOf } from './fault.mjs'
import { launch } from './launch.mjs'
import { sayCommands, sayMissing } from './meant.mjs'
import { obtain, obtainAll } from './obtain.mjs'
import { ensurePackages } from './packages.mjs'
import { endChildren } from './run-tool.mjs'
import { say } from './say.mjs'
import { openStamps } from './stamps.mjs'
import { table } from './table.mjs'
import { node } from './tools/node.mjs'
import { toolNames, toolsNamed } from './toolsets.mjs'

const repo = fileURLToPath(new URL('../..', import.meta.url))
const requireAll = process.env.DARKROOM_REQUIRE_ALL === '1'

function endOnSignals() {
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => [
    signal,
    () => {
      endChildren('SIGTERM')
      // The lock and the half-filled directory are left: the next set-up takes both over.
      process.exit(128 + constants.signals[signal])
    },
  ])
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}

/** Tools, and the sentences of those that are missing; stops where one is missing that is needed. */
function judge(results, required) {
  const missing = results.filter(({ files }) => files === undefined)
  for (const { tool, sentence } of missing) say(tool.name, sentence)
  const fatal = missing.filter(({ tool }) => requireAll || required.includes(tool.name))
  const fatalNames = fatal.map(({ tool }) => tool.name).join(', ')
  const found = results.filter(({ files }) => files !== undefined).map(({ tool, files }) => tool.gives(files))
  const tools = Object.assign({}, ...found)
  return { tools: { ...tools, missing: missing.map(({ tool, sentence }) => ({ tool: tool.name, sentence })) }, fatalNames }
}

async function setUp(name, command, args) {
  const cache = openCache()
  const isSetup = name === 'setup'
  const stamps = openStamps(cache.at('verified.json'))
  const ctx = { cache, repo, stamps, insist: isSetup || requireAll }

  const own = await obtain(node, ctx)
  if (own.files === undefined) throw new SetupFault(own.sentence)
  ctx.node = own.files.node
  await ensurePackages(ctx)

  const named = isSetup && args.length > 0 ? args : [command.set]
  const chosen = toolsNamed(named)
  if (chosen === undefined) throw new SetupFault(sayTools(named))
  const wanted = chosen.filter((tool) => !(command.replaceable && process.env[tool.replacedBy]))
  const results = [own, ...(await obtainAll(wanted, ctx))]
  const { tools, fatalNames } = judge(results, command.required ?? [])
  if (isSetup) process.stdout.write(table(results))
  if (fatalNames !== '') throw new SetupFault(`cannot go on without ${fatalNames}`)
  return { node: ctx.node, cache, tools }
}

function sayTools(named) {
  const odd = named.find((name) => !toolNames.includes(name))
  return `${sayMissing('tool or set of tools', odd, toolNames)}\nthere are: ${toolNames.join(', ')}`
}

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
  if (command === undefined) throw new SetupFault(sayCommands(name, Object.keys(commands)))
  // Another user (PostgreSQL's) must be able to read what root puts into the cache.
  const mask = process.umask(0o022)
  const release = endOnSignals()
  const { node: node24, cache, tools } = await setUp(name, command, args)
  process.umask(mask)
  if (command.main === undefined) return 0
  // Scripts which the program starts by `env node` must find the same Node.
  const PATH = [dirname(node24), process.env.PATH ?? ''].join(delimiter)
  // Kept compiled, the program starts sooner and takes 25 MB less: what strips types from sources is then not loaded.
  const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? cache.at('code')
  const env = { ...process.env, PATH, DARKROOM_TOOLS: JSON.stringify(tools), DARKROOM_CACHE: cache.dir, NODE_COMPILE_CACHE }
  const mainArgs = [...(command.args ?? []), ...args]
  const running = launch({ node: node24, repo, main: command.main, args: mainArgs, env })
  release()
  return running
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  say('stopped', sentenceOf(error))
  process.exitCode = 1
}
