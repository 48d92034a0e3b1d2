import { randomBytes } from 'node:crypto'
import { giveBack } from '../domain/bytes.ts'
import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { packKey } from './object-names.ts'
import { createObjectView, type ObjectView, openObjectView } from './object-view.ts'
import { encodePack, packIndexBytes } from './pack.ts'
import { encodeSuperblock } from './superblock.ts'
import type { Commit, Report, VolumeBackend, VolumeLog } from './volume-log.ts'

/**
 * Volumes as runs of immutable objects, one a commit. `If-None-Match` gives each number of the run one
 * winner: a writer that lost its volume to another finds the number taken, and stops.
 */
export function createObjectBackend({ objects, report }: { readonly objects: ObjectStore; readonly report: Report }): VolumeBackend {
  return {
    async create(volume, epoch) {
      const superblock = { volume, epoch, uuid: new Uint8Array(randomBytes(16)) }
      await putNew(objects, packKey(volume, 0), encodeSuperblock(superblock))
      const view = createObjectView(objects, superblock, report)
      return { view, log: createObjectLog(objects, view, epoch) }
    },
    async recover(volume, epoch) {
      const view = await openObjectView(objects, volume, report)
      if (view === null) return null
      const { end, epochMax } = view.state()
      if (epoch < epochMax) report({ kind: 'volume superseded', volume })
      const sound = epoch >= epochMax && !view.damaged
      return { log: sound ? createObjectLog(objects, view, epoch) : null, view, bytes: end }
    },
    open: (volume) => openObjectView(objects, volume, report),
    async close() {},
  }
}

function createObjectLog(objects: ObjectStore, view: ObjectView, epoch: number): VolumeLog {
  view.own()
  return {
    superblock: view.superblock,
    epoch,
    get end() {
      return view.state().end
    },
    get lastBatch() {
      return view.state().lastBatch
    },
    commitsMax: 1,
    trailerOf: (entries) => ({ bytes: packIndexBytes(entries), batches: 1 }),
    async commit({ base, bytes, entries, lastBatch }: Commit) {
      const { end, sequence } = view.state()
      if (base !== end) throw new Error(`a commit at ${base} does not follow the log's end at ${end}`)
      const pack = encodePack(view.superblock, bytes, { base, lastBatch, epoch, entries })
      try {
        await putNew(objects, packKey(view.superblock.volume, sequence + 1), pack)
      } catch (error) {
        // It may have been stored all the same, or be another writer's: readers here look again.
        view.disown()
        throw error
      }
      view.adopt(pack.byteLength, { base, lastBatch, epoch })
      giveBack(pack)
    },
    async seal() {
      const { end } = view.state()
      // A later holder than all who put packs: it takes the next number, so that they never can.
      while (epoch > view.state().epochMax) {
        try {
          await putFence(objects, view, epoch)
        } catch (error) {
          if (!(error instanceof MediaError && error.code === 'VOLUME_FENCED')) throw error
          const { sequence } = view.state()
          view.disown()
          await view.refresh()
          if (view.state().sequence === sequence) throw error
        }
      }
      return end
    },
    async close() {},
    async abandon() {},
  }
}

/** A pack of no needles. */
async function putFence(objects: ObjectStore, view: ObjectView, epoch: number): Promise<void> {
  const { end: base, sequence, lastBatch } = view.state()
  const pack = encodePack(view.superblock, new Uint8Array(0), { base, lastBatch, epoch, entries: [] })
  await putNew(objects, packKey(view.superblock.volume, sequence + 1), pack)
  view.adopt(pack.byteLength, { base, lastBatch, epoch })
}

async function putNew(objects: ObjectStore, key: string, body: Uint8Array): Promise<void> {
  try {
    await objects.put(key, body, { ifNoneMatch: true, type: 'application/octet-stream' })
  } catch (error) {
    if (error instanceof MediaError && error.code === 'OBJECT_EXISTS')
      throw new MediaError('VOLUME_FENCED', undefined, { cause: error, facts: { key } })
    throw error
  }
}
