import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { MediaError } from '../../domain/errors.ts'
import type { EdgePurger } from '../../domain/ports.ts'

export interface VarnishPurgerOptions {
  /** Base URLs of every edge: each has a cache of its own. */
  readonly edges: readonly string[]
  /** Between the two purges of a tag. */
  readonly settleMs?: number
  /** One answer, milliseconds. */
  readonly answerMsMax?: number
  /** Requests to one edge at a time. */
  readonly concurrencyMax?: number
}

/**
 * Purges edges that run `infra/varnish/darkroom.vcl`. A purge drops what is stored and makes fetches that
 * are under way distrust what they bring. Between a fetch's last look and the moment its object can be
 * found there is an instant in which a purge sees neither; so each edge is purged a second time, `settleMs`
 * after the first answer. EDGE_UNAVAILABLE when any edge does not say that it purged; all are asked anyway.
 */
export function createVarnishPurger(options: VarnishPurgerOptions): EdgePurger {
  const { edges, settleMs = 50, answerMsMax = 5_000, concurrencyMax = 8 } = options
  const bases = edges.map((edge) => {
    const url = new URL(edge)
    if (url.protocol !== 'http:') throw new Error(`an edge is purged over http: ${edge}`)
    // Its sockets are not kept: purges are rare, and an idle one could be closed under the next.
    return { url, agent: new Agent({ maxSockets: concurrencyMax }) }
  })

  async function purgeEdge({ url, agent }: (typeof bases)[number], tag: string): Promise<void> {
    await send(url, agent, tag, answerMsMax)
    await sleep(settleMs)
    await send(url, agent, tag, answerMsMax)
  }

  return {
    name: 'varnish',
    async purge(tag) {
      if (!/^[a-z0-9-]{1,128}$/.test(tag)) throw new Error(`not a tag: ${tag}`)
      const outcomes = await Promise.allSettled(bases.map((edge) => purgeEdge(edge, tag)))
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    },
  }
}

async function send(url: URL, agent: Agent, tag: string, answerMsMax: number): Promise<void> {
  const facts = { edge: url.host, tag }
  let status: number
  try {
    status = await new Promise<number>((done, failed) => {
      const asked = request(url, {
        method: 'PURGE',
        path: '/',
        agent,
        headers: { 'xkey-purge': tag },
        signal: AbortSignal.timeout(answerMsMax),
      })
      asked.once('error', failed)
      asked.once('response', (answer) => {
        answer.once('error', failed)
        answer.resume().once('end', () => done(answer.statusCode ?? 0))
      })
      asked.end()
    })
  } catch (cause) {
    throw new MediaError('EDGE_UNAVAILABLE', undefined, { cause, facts })
  }
  if (status !== 200) throw new MediaError('EDGE_UNAVAILABLE', `The edge refused the purge (${status}).`, { facts: { ...facts, status } })
}
