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
import { walkVolume } from '../blobstore/scrub.ts'
import { writingOf } from '../blobstore/scrub-progress.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { ScrubBook, ScrubOptions, ScrubProgress, ScrubReport, VolumeCare } from '../domain/volume-ports.ts'
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
  readonly reports: Map<number, ScrubReport>
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
  const reports = new Map<number, ScrubReport>()
  const book: ScrubBook = {
    reportScrub: async (report) => void reports.set(report.volume, report),
    overview: async () => [],
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
    assert.deepEqual([reports.get(1)?.found, reports.get(1)?.repaired], [1, 0])
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
    assert.deepEqual([reports.get(1)?.found, reports.get(1)?.repaired], [1, 1])
    assert.equal((await readable()).keys.length, NEEDLES)
  })
})

test('volume-care: a scrub whose worker was lost goes on where it had come to, and reports what both found', async () => {
  await cared(async ({ deps, folder, reports, erase }) => {
    await erase([1])
    await deps.host.seal(1)
    await spoil(folder, 2)
    const asked: ScrubOptions[] = []
    const checkpoints: ScrubProgress[] = []
    const care: VolumeCare = {
      ...deps.care,
      scrub(volume, options) {
        asked.push(options)
        return deps.care.scrub(volume, {
          ...options,
          onCheckpoint(progress) {
            checkpoints.push(progress)
            options.onCheckpoint?.(progress)
          },
        })
      },
    }
    await perform(scrubVolume({ ...deps, care }), 1)
    const whole = reports.get(1)
    assert.deepEqual(checkpoints, [], 'so small a volume is not worth a checkpoint')
    const { superblock, found } = await walkVolume(
      { disk: createSystemDisk({ directReads: false }), folder, volume: 1 },
      join(folder, '1.volume'),
      { clock: systemClock },
      async () => {},
    )
    const offset = 4096 + 4 * (DATA_BYTES + 72)
    const before = { of: writingOf(superblock), offset, lastBatch: 4, epochMax: 1, needles: 3, deadBytes: DATA_BYTES + 72 }
    const bad = whole?.bad.filter(({ end }) => end <= offset) ?? []
    const environment = new MockActivityEnvironment({ attempt: 2, heartbeatDetails: { progress: JSON.stringify({ ...before, bad }) } })
    const beats: unknown[] = []
    environment.on('heartbeat', (detail: unknown) => beats.push(detail))
    await environment.run(scrubVolume({ ...deps, care }), 1)
    assert.deepEqual(
      asked.map(({ from }) => from?.offset),
      [undefined, offset, undefined],
      'the last one looks whether what the attempt before found is bad still',
    )
    assert.ok(JSON.stringify(beats[0]).includes(String(offset)), 'the first heartbeat keeps what the attempt before had come to')
    const { tookMs: _took, ...resumed } = reports.get(1) ?? { tookMs: 0 }
    const { tookMs: _whole, ...expected } = whole ?? { tookMs: 0 }
    assert.deepEqual(resumed, expected)
    assert.equal(found.damage.length, 0)
  })
})

test('volume-care: what the attempt before found and repaired is not reported as bad', async () => {
  await cared(async ({ deps, reports }) => {
    const bad = [{ start: 4096, end: 8192 }]
    const progress = { of: 'this', offset: 65_536, lastBatch: 1, epochMax: 1, needles: 1, deadBytes: 0, bad }
    const sound = { volume: 1, bytes: 131_072, needles: 2, erasedKeys: 0, deadBytes: 0, tombstoneStrayBytes: 0 }
    const care: VolumeCare = {
      ...deps.care,
      scrub: async (_volume, { from }) => ({ ...sound, bad: from?.bad ?? [] }),
      repair: async () => 0,
    }
    const environment = new MockActivityEnvironment({ attempt: 2, heartbeatDetails: { progress: JSON.stringify(progress) } })
    await environment.run(scrubVolume({ ...deps, care }), 1)
    assert.deepEqual([reports.get(1)?.found, reports.get(1)?.bad], [1, []])
  })
})
