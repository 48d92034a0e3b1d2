import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import type { CareOptions, VolumeBooks, VolumeGarbage, VolumeRow } from '../domain/volume-ports.ts'
import { generationKey, indexKey, packKey } from './object-names.ts'
import { listSequence } from './object-reads.ts'
import type { Report } from './volume-log.ts'

const ENTRIES_AT_ONCE = 20
const DELETES_AT_ONCE = 8

interface Collector {
  readonly objects: ObjectStore
  readonly directory: VolumeBooks
  readonly report: Report
}

/**
 * Deletes what the books call garbage and due, and nothing else: never because it is listed, and never before what took
 * its place was seen to be there, whole. Gives the number of objects deleted.
 */
export async function collectGarbage(collector: Collector, { signal }: CareOptions): Promise<number> {
  const { directory, report } = collector
  let deleted = 0
  const kept = new Set<number>()
  for (;;) {
    const due = (await directory.dueGarbage(ENTRIES_AT_ONCE + kept.size)).filter(({ id }) => !kept.has(id))
    if (due.length === 0) return deleted
    for (const garbage of due) {
      try {
        const row = await directory.volume(garbage.volume)
        await assertReplaced(collector.objects, row, garbage)
        deleted += await deleteObjects(collector.objects, garbage, signal)
        await directory.collected(garbage.id)
      } catch (error) {
        if (!(error instanceof MediaError) || error.code === 'CATALOG_UNAVAILABLE') throw error
        // The rest goes on; this is looked at again the next time.
        kept.add(garbage.id)
        report({ kind: 'garbage kept', volume: garbage.volume, error })
      }
    }
  }
}

/** Throws unless the volume can be read without the garbage. */
async function assertReplaced(objects: ObjectStore, row: VolumeRow | null, garbage: VolumeGarbage): Promise<void> {
  const facts = { volume: garbage.volume, generation: garbage.generation }
  if (row === null || row.generation === garbage.generation)
    throw new MediaError('INTERNAL', 'The garbage is what the volume is made of.', { facts })
  if (row.generation === 0) return
  const [body, index] = await Promise.all([
    objects.head(generationKey(row.volume, row.generation)),
    objects.head(indexKey(row.volume, row.generation)),
  ])
  if (body?.bytes !== row.bytes || index === null)
    throw new MediaError('BLOB_CORRUPT', 'What took the place of the garbage is not there: it is kept.', { facts })
}

async function deleteObjects(objects: ObjectStore, { volume, generation }: VolumeGarbage, signal?: AbortSignal): Promise<number> {
  if (generation > 0) {
    // The index first: who opens the volume now does not begin with what is about to go.
    await objects.delete(indexKey(volume, generation))
    await objects.delete(generationKey(volume, generation))
    return 2
  }
  // All of the volume's packs are in its generation, or were acknowledged by nobody. The superblock stays.
  const packs = await listSequence(objects, `volumes/${volume}/`, packKey(volume, 0))
  for (let start = 0; start < packs.length; start += DELETES_AT_ONCE) {
    signal?.throwIfAborted()
    await Promise.all(packs.slice(start, start + DELETES_AT_ONCE).map(({ key }) => objects.delete(key)))
  }
  return packs.length
}
