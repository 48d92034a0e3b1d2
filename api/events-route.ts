import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { MediaError } from '../domain/errors.ts'
import { captionsWorkflowId, enhanceWorkflowId, type MediaRow } from '../domain/media.ts'
import type { Answer, Call, Parts } from './call.ts'
import { toItem } from './item.ts'
import { factsOfError } from './logger.ts'
import { ownRow } from './media-routes.ts'

/** Nothing follows these states unless somebody asks for it; an erasure goes on until its receipt. */
function isLast(row: MediaRow): boolean {
  return row.state === 'ready' || row.state === 'rejected' || row.state === 'failed' || (row.state === 'erased' && row.stage === 'done')
}

/** The workflow that changes a finished item on request: whoever was told 202 follows until that has ended. */
function changeOf({ kind, tenant, id, version, manifest }: MediaRow): string {
  if (kind === 'video') return captionsWorkflowId(tenant, id)
  // Once the next version is published its workflow still purges the edges.
  return enhanceWorkflowId(tenant, id, manifest?.enhanced ? version : version + 1)
}

/** Whether more may come of an item. Where Temporal does not say, it may: a client is rather kept waiting than sent away for good. */
async function isUnderWay(row: MediaRow, { workflows, logger }: Parts): Promise<boolean> {
  if (!isLast(row)) return true
  if (row.state !== 'ready') return false
  try {
    return (await workflows.look(changeOf(row))) === 'running'
  } catch (error) {
    logger.warn('change-not-seen', { id: row.id, ...factsOfError(error) })
    return true
  }
}

/**
 * GET /v1/media/{id}/events: Server-Sent Events (HTML Standard, section 9.2). One message at once, then one
 * per change as fast as the client reads: states that a slow client missed are left out. Ends after the last state,
 * and of a ready item that is being enhanced or given captions after that change.
 */
export async function mediaEvents(call: Call, parts: Parts): Promise<Answer | null> {
  const row = await ownRow(call, parts)
  const seen = lastRevisionSeen(call)
  // 204 tells an EventSource to stop coming back.
  if (row.revision <= seen && !(await isUnderWay(row, parts))) return { status: 204, type: 'text/event-stream', body: '' }
  if (parts.signals.watchers() >= parts.limits.sseClientsMax) throw new MediaError('CLIENTS_TOO_MANY')
  await follow(call, parts, row, seen)
  return null
}

async function follow(call: Call, parts: Parts, first: MediaRow, seen: number): Promise<void> {
  const { response, request } = call
  const { limits } = parts
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  })
  if (request.method === 'HEAD') return void response.end()
  response.write('retry: 1000\n\n')

  let changed = false
  let wake = () => {}
  const onChange = () => {
    changed = true
    wake()
  }
  const unwatch = parts.signals.watch(first.id, onChange)
  parts.closing.addEventListener('abort', onChange)
  response.on('close', onChange)
  const isOpen = () => !response.destroyed && !parts.closing.aborted

  try {
    let row: MediaRow | null = first
    let sent = seen
    let lastWriteMs = performance.now()
    while (isOpen()) {
      if (row && row.revision > sent) {
        sent = row.revision
        lastWriteMs = performance.now()
        await write(
          response,
          `event: item\nid: ${row.revision}\ndata: ${JSON.stringify(toItem(row, parts.urls))}\n\n`,
          limits.sseStuckMsMax,
        )
      }
      if (!row) break
      if (!(await isUnderWay(row, parts))) {
        // What a change did last it did before it ended: only now is the row the last word.
        row = await parts.catalog.get(first.id)
        if (!row || row.revision <= sent) break
        continue
      }
      if (performance.now() - lastWriteMs >= limits.sseHeartbeatMs) {
        lastWriteMs = performance.now()
        await write(response, ': still here\n\n', limits.sseStuckMsMax)
      }
      if (!changed)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(limits.ssePollMs, limits.sseHeartbeatMs))
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      changed = false
      // Cleared before the read: a change during it wakes the next turn.
      if (isOpen()) row = await parts.catalog.get(first.id)
    }
  } finally {
    unwatch()
    parts.closing.removeEventListener('abort', onChange)
    response.off('close', onChange)
    response.end()
  }
}

/** Writes and waits until the client has taken it; one that takes nothing for `stuckMsMax` is cut off. */
async function write(response: ServerResponse, text: string, stuckMsMax: number): Promise<void> {
  if (response.write(text) || response.destroyed) return
  const stuck = setTimeout(() => response.destroy(), stuckMsMax)
  try {
    await Promise.race([once(response, 'drain'), once(response, 'close')])
  } finally {
    clearTimeout(stuck)
  }
}

/** Of the header that an EventSource sends when it comes back; -1 without one. */
function lastRevisionSeen(call: Call): number {
  const text = call.request.headers['last-event-id']
  return typeof text === 'string' && /^[0-9]{1,15}$/.test(text) ? Number(text) : -1
}
