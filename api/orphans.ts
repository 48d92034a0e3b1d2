import { bornMs, EPOCH_MS, type MediaId, mediaIdOf, parseMediaId } from '../domain/ids.ts'
import { originalKey } from '../domain/media.ts'
import type { MediaStore, ObjectStore } from '../domain/ports.ts'
import { factsOfError, type Logger } from './logger.ts'
import { createRepeating } from './repeating.ts'

export interface SweepOptions {
  readonly catalog: Pick<MediaStore, 'known'>
  readonly objects: Pick<ObjectStore, 'list' | 'delete'>
  /** An original is deleted that was seen to have no row twice, this far apart at least. */
  readonly graceMs: number
  /** Ids born earlier are not looked at any more: they were, when they were younger. */
  readonly windowMs: number
  readonly intervalMs: number
  readonly now: () => number
  readonly logger: Logger
}

export interface Sweep {
  start(): void
  stop(): Promise<void>
  /** One pass; how many originals it deleted. Never throws. */
  pass(): Promise<number>
}

/** Keys whose rows are asked for at once. */
const BATCH = 500
const PREFIX = originalKey('' as MediaId)

/**
 * Deletes originals that belong to nothing: the process died between storing the bytes and committing the row, and
 * nobody was told that they were taken. An id says when its upload began, not when it ended, so age alone would
 * hit the end of a slow upload: what counts is how long an original has been seen without a row.
 */
export function createSweep(options: SweepOptions): Sweep {
  const { catalog, objects, graceMs, windowMs, now, logger } = options
  /** Without a row when first seen, at that time. */
  let suspects = new Map<MediaId, number>()
  const repeating = createRepeating(pass, options.intervalMs)

  async function pass(): Promise<number> {
    let deleted = 0
    const seen = new Map<MediaId, number>()
    try {
      for await (const ids of batches()) {
        const known = new Set(await catalog.known(ids))
        for (const id of ids) {
          if (known.has(id)) continue
          const since = suspects.get(id) ?? now()
          if (now() - since < graceMs || !suspects.has(id)) seen.set(id, since)
          else if (await drop(id)) deleted += 1
        }
        if (repeating.isStopping()) break
      }
      suspects = seen
    } catch (error) {
      logger.warn('sweep-failed', factsOfError(error))
    }
    return deleted
  }

  async function* batches(): AsyncGenerator<MediaId[]> {
    const oldestMs = Math.max(now() - windowMs - EPOCH_MS, 0)
    let ids: MediaId[] = []
    for await (const { key } of objects.list(PREFIX, originalKey(mediaIdOf(BigInt(oldestMs) << 23n)))) {
      const id = parseMediaId(key.slice(PREFIX.length))
      if (id === null) continue
      ids.push(id)
      if (ids.length < BATCH) continue
      yield ids
      ids = []
    }
    if (ids.length > 0) yield ids
  }

  async function drop(id: MediaId): Promise<boolean> {
    await objects.delete(originalKey(id))
    logger.warn('orphan-deleted', { id, born: new Date(bornMs(id)).toISOString() })
    return true
  }

  return { pass, start: repeating.start, stop: repeating.stop }
}
