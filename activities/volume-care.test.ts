import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createFileBlobStore } from '../blobstore/file.ts'
import { blobLimits } from '../blobstore/blob-limits.ts'
import { createFileBackend } from '../blobstore/file-backend.ts'
import { createFileCare } from '../blobstore/file-care.ts'
import { memoryDirectory } from '../blobstore/memory-directory.ts'
import { systemClock } from '../blobstore/refresher.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { ScrubBook, VolumeScrub } from '../domain/volume-ports.ts'
import { compactVolume } from './compact-volume.ts'
import { scrubVolume, volumesToScrub } from './scrub-volume.ts'
import { type VolumeCareDeps, volumesToCompact } from './volumes-to-compact.ts'

const DATA_BYTES = 256 * 1024
const NEEDLES = 12

interface Cared {
  readonly deps: VolumeCareDeps
  readonly folder: string
  readonly copies: string
  readonly locators: readonly Locator[]
  readonly reports: Map<number, VolumeScrub>
  /** Keys whose needles read as they were written; the codes that the others are refused with. */
  readable(): Promise<{ keys: number[]; codes: string[] }>
  erase(keys: readonly number[]): Promise<void>
}

async function cared(run: (cared: Cared) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'volume-care-'))
  const [folder, copies] = [join(home, 'volumes'), join(home, 'copies')]
  await mkdir(copies)
  const directory = memoryDirectory()
  const store = await createFileBlobStore({ folder, writer: 'w', directory, placements: directory, limits: { extentBytes: 4096 } })
  const disk = createSystemDisk({ directReads: false })
  const common = { disk, folder, report: () => {} }
  const backend = createFileBackend({ ...common, limits: blobLimits() })
  const care = createFileCare({ ...common, backend, directory, clock: systemClock, name: 'care', copies: { disk, folders: [copies] } })
  const reports = new Map<number, VolumeScrub>()
  const book: ScrubBook = {
    reportScrub: async (report) => void reports.set(report.volume, report),
    scrubOf: async () => null,
    dueForScrub: async () => [1].filter((volume) => !reports.has(volume)),
  }
  const locators: Locator[] = []
  try {
    for (let key = 0; key < NEEDLES; key += 1)
      locators.push(...(await store.append([{ key: BigInt(key), alt: 0, data: new Uint8Array(DATA_BYTES).fill(key) }])))
    await run({
      deps: { care, host: store, catalog: { ...directory, ...book } },
      folder,
      copies,
      locators,
      reports,
      async readable() {
        const keys: number[] = []
        const codes = new Set<string>()
        for (const [key, locator] of locators.entries()) {
          const read = store.read(BigInt(key), locator)
          await read.then(
            ({ data }) => data.every((byte) => byte === key) && keys.push(key),
            (error: unknown) => codes.add(error instanceof MediaError ? error.code : String(error)),
          )
        }
        return { keys, codes: [...codes] }
      },
      erase: async (keys) => {
        for (const key of keys) {
          await store.delete(BigInt(key), 1)
          directory.erased(BigInt(key))
        }
      },
    })
  } finally {
    await disk.close()
    await store.close()
    await rm(home, { recursive: true, force: true })
  }
}

const perform = <A extends unknown[], R>(activity: (...args: A) => Promise<R>, ...args: A): Promise<R> =>
  new MockActivityEnvironment().run(activity, ...args)

/** One byte in the middle of a needle's data becomes another. */
async function spoil(folder: string, needle: number): Promise<void> {
  const file = await open(join(folder, '1.volume'), 'r+')
  await file.write(Uint8Array.of(255), 0, 1, 4096 + needle * (DATA_BYTES + 72) + DATA_BYTES / 2)
  await file.close()
}

test('volume-care: a volume of which much is erased is sealed, compacted and read on, and its space comes back', async () => {
  await cared(async ({ deps, folder, erase, readable }) => {
    assert.deepEqual(await perform(volumesToCompact(deps)), [], 'nothing is erased')
    await erase([0])
    assert.deepEqual(await perform(volumesToCompact(deps)), [], 'too little is erased')
    await erase([1, 2, 3, 4, 5])
    assert.deepEqual(await perform(volumesToCompact(deps)), [1])
    const outcome = await perform(compactVolume(deps), 1)
    assert.ok(outcome.done)
    assert.deepEqual([outcome.kept, outcome.dropped], [6, 6])
    assert.ok((await stat(join(folder, '1.volume'))).size < 7 * DATA_BYTES)
    assert.deepEqual(await readable(), { keys: [6, 7, 8, 9, 10, 11], codes: ['MEDIA_ERASED'] })
    assert.deepEqual(await perform(volumesToCompact(deps)), [], 'what was given back is not looked for again')
  })
})

test('volume-care: a scrub finds a bad needle, which is refused by its code while the others are served', async () => {
  await cared(async ({ deps, folder, reports, readable }) => {
    await spoil(folder, 4)
    assert.deepEqual(await perform(volumesToScrub(deps)), [1])
    const { repaired, bad, needles } = await perform(scrubVolume(deps), 1)
    assert.deepEqual([repaired, bad.length, needles], [0, 1, NEEDLES - 1])
    assert.deepEqual(reports.get(1)?.bad, bad)
    assert.deepEqual(await perform(volumesToScrub(deps)), [])
    const { keys, codes } = await readable()
    assert.deepEqual([keys.length, codes], [NEEDLES - 1, ['BLOB_CORRUPT']])
  })
})

test('volume-care: a bad needle is repaired from a copy of the volume, and read again by the process that has it open', async () => {
  await cared(async ({ deps, folder, copies, reports, readable }) => {
    await copyFile(join(folder, '1.volume'), join(copies, '1.volume'))
    await spoil(folder, 4)
    const { repaired, bad } = await perform(scrubVolume(deps), 1)
    assert.deepEqual([repaired, bad.length, reports.get(1)?.bad.length], [1, 0, 0])
    assert.equal((await readable()).keys.length, NEEDLES)
  })
})
