import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import { compactVolume } from './compact.ts'
import { createFileBlobReader, createFileBlobStore } from './file.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { repairVolume } from './repair.ts'
import { scrubVolume } from './scrub.ts'
import { createSystemDisk } from './system-disk.ts'

const code = (expected: string) => (error: unknown) => error instanceof MediaError && error.code === expected
const clock = { nowMs: () => performance.now(), wait: async () => {}, every: () => () => {} }

interface Filled {
  readonly folder: string
  readonly locators: readonly Locator[]
  readonly at: { readonly disk: ReturnType<typeof createSystemDisk>; readonly folder: string; readonly volume: number }
}

/** Twenty needles of 1,000 bytes in a closed volume 1; key 3 appended twice. */
async function inFilledFolder(run: (filled: Filled) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-compact-'))
  const disk = createSystemDisk({ directReads: false })
  try {
    const store = await createFileBlobStore({ folder, writer: 'w', limits: { extentBytes: 4096 } })
    const locators: Locator[] = []
    await store.append([{ key: 3n, alt: 0, data: new Uint8Array(500) }])
    for (let key = 0; key < 20; key += 1) {
      locators.push(...(await store.append([{ key: BigInt(key), alt: 0, data: new Uint8Array(1000).fill(key) }])))
    }
    await store.close()
    await run({ folder, locators, at: { disk, folder, volume: 1 } })
  } finally {
    await disk.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Keys whose needles read as they were written. */
async function readable({ folder, locators }: Filled): Promise<{ keys: number[]; codes: Set<string> }> {
  const reader = createFileBlobReader({ folder })
  const keys: number[] = []
  const codes = new Set<string>()
  for (const [key, locator] of locators.entries()) {
    try {
      const { data } = await reader.read(BigInt(key), locator)
      assert.ok(data.byteLength === 1000 && data.every((byte) => byte === key))
      keys.push(key)
    } catch (error) {
      codes.add(error instanceof MediaError ? error.code : String(error))
    }
  }
  await reader.close()
  return { keys, codes }
}

test('compaction: erased and replaced needles go, all others stay at their locators, erased ones stay refused', () =>
  inFilledFolder(async (filled) => {
    const { folder, at } = filled
    const open = createFileBlobReader({ folder })
    for (const key of [0n, 7n, 8n, 9n]) await open.delete(key, 1)
    const report = await compactVolume(at, { clock })
    assert.equal(report.kept, 16)
    assert.equal(report.dropped, 5)
    assert.ok(report.bytesAfter < report.bytesBefore && (await stat(join(folder, '1.volume'))).size === report.bytesAfter)
    const { keys, codes } = await readable(filled)
    assert.equal(keys.length, 16)
    assert.deepEqual([...codes], ['MEDIA_ERASED'])
    // A reader that had the old file open goes on, and its tombstones count in the new file.
    assert.equal((await open.read(19n, filled.locators[19] as Locator)).data.byteLength, 1000)
    await open.delete(19n, 1)
    await open.close()
    assert.equal((await readable(filled)).keys.length, 15)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('compacting')),
      [],
    )
  }))

test('compaction: one that is stopped at any moment leaves the volume as it was, and nothing else; the next one goes through', () =>
  inFilledFolder(async (filled) => {
    const before = await readFile(join(filled.folder, '1.volume'))
    let stops = 0
    for (let isDone = false; !isDone; stops += 1) {
      const stop = new AbortController()
      let steps = 0
      const onProgress = () => {
        if (steps === stops) stop.abort(new Error('stopped'))
        steps += 1
      }
      isDone = await compactVolume(filled.at, { clock, signal: stop.signal, onProgress }).then(
        () => true,
        (error: Error) => error.message !== 'stopped' && Promise.reject(error),
      )
      assert.deepEqual(
        (await readdir(filled.folder)).filter((name) => name.includes('compacting')),
        [],
      )
      if (!isDone) assert.deepEqual(await readFile(join(filled.folder, '1.volume')), before)
    }
    assert.ok(stops > 60, 'in each of its three walks')
    assert.equal((await readable(filled)).keys.length, 20)
  }))

test('compaction: what one that was killed left of its new file is gone before the next one reads anything', () =>
  inFilledFolder(async ({ folder, at }) => {
    await writeFile(join(folder, '1.volume.compacting'), 'half of it')
    const stop = AbortSignal.abort(new Error('stopped'))
    await assert.rejects(compactVolume(at, { clock, signal: stop }), /stopped/)
    assert.ok(!(await readdir(folder)).includes('1.volume.compacting'))
  }))

test('scrub: every bad record is found, compaction refuses to drop it, and repair brings it back from a copy', () =>
  inFilledFolder(async (filled) => {
    const { folder, at } = filled
    const path = join(folder, '1.volume')
    const copy = join(folder, 'copy')
    await copyFile(path, copy)
    assert.deepEqual((await scrubVolume(at, { clock })).bad, [])
    const bytes = await readFile(path)
    // A header, and a byte of another record's data.
    for (const where of [SUPERBLOCK_BYTES + 3_000, SUPERBLOCK_BYTES + 576 + 5 * 1072 + 9]) bytes.writeUInt8((bytes[where] ?? 0) ^ 16, where)
    await writeFile(path, bytes)
    const { bad, needles } = await scrubVolume(at, { clock })
    assert.equal(bad.length, 2)
    assert.equal(needles, 19)
    await assert.rejects(compactVolume(at, { clock }), code('BLOB_CORRUPT'))
    const harmed = await readable(filled)
    assert.equal(harmed.keys.length, 18)
    assert.deepEqual([...harmed.codes], ['BLOB_CORRUPT'])
    const { repaired, remaining } = await repairVolume(at, { path: copy }, { clock })
    assert.equal(repaired.length, 2)
    assert.deepEqual(remaining, [])
    assert.equal((await readable(filled)).keys.length, 20)
    await compactVolume(at, { clock })
    await assert.rejects(repairVolume(at, { path: copy }, { clock }), code('REQUEST_INVALID'))
  }))

test('repair: a superblock comes back from its other half, or from the copy where both are bad', () =>
  inFilledFolder(async (filled) => {
    const { folder, at } = filled
    const path = join(folder, '1.volume')
    const copy = join(folder, 'copy')
    await copyFile(path, copy)
    const sound = await readFile(path)
    for (const places of [[0], [2048 + 33], [2044, 2048 + 20]]) {
      const bytes = Buffer.from(sound)
      for (const place of places) bytes.writeUInt8((bytes[place] ?? 0) ^ 1, place)
      await writeFile(path, bytes)
      if (places.length === 1) assert.equal((await scrubVolume(at, { clock })).bad.length, 1)
      else await assert.rejects(scrubVolume(at, { clock }), code('BLOB_CORRUPT'))
      const { repaired, remaining } = await repairVolume(at, { path: copy }, { clock })
      assert.deepEqual([repaired.length, remaining.length], [places.length, 0])
      assert.deepEqual(await readFile(path), sound)
    }
    const other = Buffer.from(sound).fill(0, 0, 4096)
    other.writeUInt8((other[SUPERBLOCK_BYTES + 20] ?? 0) ^ 1, SUPERBLOCK_BYTES + 20)
    await writeFile(path, other)
    await assert.rejects(
      repairVolume(at, { path: copy }, { clock }),
      code('REQUEST_INVALID'),
      'nothing shows that it is of the same volume',
    )
  }))

test('scrub: it is held to its bytes per second and can be stopped', () =>
  inFilledFolder(async ({ at }) => {
    let nowMs = 0
    const slow = { nowMs: () => nowMs, wait: async (ms: number) => void (nowMs += ms), every: () => () => {} }
    const { bytes } = await scrubVolume(at, { clock: slow, bytesPerSecondMax: 1_000 })
    assert.ok(nowMs > (bytes - SUPERBLOCK_BYTES) * 0.95, `${nowMs} ms for ${bytes} bytes`)
    await assert.rejects(scrubVolume(at, { clock: slow, signal: AbortSignal.abort(new Error('stopped')) }), /stopped/)
  }))

test('compaction: of two processes that compact a volume at once the second is refused, and all is there', () =>
  inFilledFolder(async (filled) => {
    const { at } = filled
    const other = createSystemDisk({ directReads: false })
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let stand = () => {}
    const stands = new Promise<void>((resolve) => {
      stand = resolve
    })
    // Half way through the copying: what it makes is there, and not whole.
    let waits = 0
    const slow = {
      nowMs: () => 0,
      every: () => () => {},
      async wait() {
        waits += 1
        if (waits !== 60) return
        stand()
        await held
      },
    }
    const first = compactVolume(at, { clock: slow, bytesPerSecondMax: 1 })
    await stands
    assert.ok((await readdir(at.folder)).includes('1.volume.compacting'))
    await assert.rejects(compactVolume({ ...at, disk: other }, { clock }), code('VOLUME_FENCED'))
    await assert.rejects(repairVolume({ ...at, disk: other }, { path: join(at.folder, '1.volume') }, { clock }), code('VOLUME_FENCED'))
    goOn()
    assert.deepEqual([(await first).kept, (await readable(filled)).keys.length], [20, 20])
    assert.equal((await compactVolume({ ...at, disk: other }, { clock })).kept, 20)
    await other.close()
  }))

test("compaction: the lock of a process that was killed is nobody's", () =>
  inFilledFolder(async ({ at }) => {
    const source = `
      const { lockFile } = await import(${JSON.stringify(new URL('file-lock.ts', import.meta.url).href)})
      process.stdout.write(String(lockFile(${JSON.stringify(join(at.folder, '1.lock'))}) !== null))
      setInterval(() => {}, 1_000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    assert.equal(String(said), 'true')
    await assert.rejects(compactVolume(at, { clock }), code('VOLUME_FENCED'))
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal((await compactVolume(at, { clock })).kept, 20)
  }))
