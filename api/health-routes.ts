import { codeOf } from '../domain/errors.ts'
import { type Answer, type Call, json, type Parts } from './call.ts'
import { factsOfError } from './logger.ts'

const CHECK_MS_MAX = 3_000

/** GET /healthz: the process answers. Says nothing of what it depends on, so that a lost database restarts no process. */
export async function healthz(): Promise<Answer> {
  return json(200, { alive: true })
}

/** GET /readyz: whether uploads can be taken now; names what fails, not why: that is in the log. */
export async function readyz(_call: Call, parts: Parts): Promise<Answer> {
  const checks: readonly [string, () => Promise<unknown>][] = [
    ['catalog', () => parts.catalog.ping()],
    ['objects', () => parts.objects.head('readyz')],
    ['temporal', () => parts.starter.ping()],
  ]
  const results = await Promise.all(
    checks.map(async ([name, check]) => {
      try {
        await within(check(), CHECK_MS_MAX)
        return [name, 'ok'] as const
      } catch (error) {
        parts.logger.warn('not-ready', { check: name, ...factsOfError(error) })
        return [name, codeOf(error)] as const
      }
    }),
  )
  const failing = results.filter(([, result]) => result !== 'ok').map(([name]) => name)
  return json(failing.length === 0 ? 200 : 503, { ready: failing.length === 0, failing, checks: Object.fromEntries(results) })
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
