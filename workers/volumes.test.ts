import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFileBlobReader, createFileBlobStore } from '../blobstore/file.ts'
import { lockFile } from '../blobstore/file-lock.ts'
import { recordBytes } from '../blobstore/layout.ts'
import { lockHome } from '../infra/engines/home.ts'

const main = join(import.meta.dirname, 'volumes.main.ts')

interface Ended {
  readonly status: number
  readonly out: string
  readonly error: string
}

function volumes(...args: string[]): Promise<Ended> {
  return volumesOf(undefined, ...args)
}

/** @param home the data folder; undefined: as this process has it */
function volumesOf(home: string | undefined, ...args: string[]): Promise<Ended> {
  const env = home === undefined ? process.env : { ...process.env, DARKROOM_HOME: home }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...args], { env }, (_error, out, error) =>
      resolve({ status: child.exitCode ?? -1, out, error }),
    )
  })
}

test('volumes: without a folder, ls and verify look at the data folder, and say so where it has no volumes', async () => {
  const home = await mkdtemp(join(tmpdir(), 'darkroom-volumes-'))
  try {
    const refused = await volumesOf(home, 'ls')
    assert.notEqual(refused.status, 0)
    assert.match(refused.error, /There are no volumes in .*volumes: name their folder\./)
    const store = await createFileBlobStore({ folder: join(home, 'volumes'), writer: 'w', limits: { extentBytes: 4096 } })
    await store.append([{ key: 1n, alt: 9, data: new Uint8Array(100) }])
    await store.close()
    assert.match((await volumesOf(home, 'ls')).out, /^volume 1: /)
    assert.match((await volumesOf(home, 'verify')).out, /sound, 1 needles/)
    assert.equal((await volumesOf(home, 'inspect')).status, 1)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})

test('volumes: an operator with a broken disk finds what is bad, gets out what is sound, repairs and compacts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-volumes-'))
  try {
    const store = await createFileBlobStore({ folder, writer: 'w', limits: { extentBytes: 4096 } })
    for (let key = 1n; key <= 4n; key += 1n) await store.append([{ key, alt: 9, data: new Uint8Array(100).fill(Number(key)) }])
    await store.delete(2n, 1)
    await store.close()
    const path = join(folder, '1.volume')
    await copyFile(path, join(folder, 'copy'))
    const bytes = await readFile(path)
    bytes.writeUInt8((bytes[4096 + 80] ?? 0) ^ 1, 4096 + 80)
    await writeFile(path, bytes)

    assert.match((await volumes('ls', folder)).out, /^volume 1: \d+ bytes, epoch 1, 1 erased keys\n$/)
    const verified = await volumes('verify', folder)
    assert.equal(verified.status, 1, verified.error)
    assert.match(verified.out, /1 BAD, 3 needles, 1 erased keys/)
    assert.match((await volumes('inspect', folder, '1')).out, /bad records +1\n/)
    const dumped = await volumes('dump', folder, '1', join(folder, 'out'))
    assert.match(dumped.out, /key 1 alt 9 bytes 100 BAD\n/)
    assert.deepEqual(new Uint8Array(await readFile(join(folder, 'out', '3.9'))), new Uint8Array(100).fill(3))
    await assert.rejects(readFile(join(folder, 'out', '2.9')), { code: 'ENOENT' })

    const refused = await volumes('repair', folder, '1', join(folder, 'copy'))
    assert.notEqual(refused.status, 0)
    assert.match(refused.error, /--stopped/)
    const repaired = await volumes('repair', folder, '1', join(folder, 'copy'), '--stopped')
    assert.equal(repaired.status, 0, repaired.error)
    assert.match((await volumes('compact', folder, '1', '--stopped')).out, /3 needles kept, 1 dropped/)
    const sound = await volumes('verify', folder, '1')
    assert.equal(sound.status, 0)
    assert.match(sound.out, /sound, 3 needles, 1 erased keys/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('volumes: of a version that was taken away nothing is written out, and its bytes are among those that a compaction frees', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-volumes-'))
  try {
    const store = await createFileBlobStore({ folder, writer: 'w', limits: { extentBytes: 4096 } })
    const [old, current] = [0x100_0009, 0x200_0009]
    await store.append([old, current].map((alt) => ({ key: 1n, alt, data: new Uint8Array(100) })))
    await store.delete(1n, 1, 1)
    await store.close()

    const { out } = await volumes('dump', folder, '1', join(folder, 'out'))
    assert.match(out, new RegExp(`key 1 alt ${old} bytes 100 erased\n`))
    assert.match(out, new RegExp(`key 1 alt ${current} bytes 100 sound\n`))
    assert.deepEqual(await readdir(join(folder, 'out')), [`1.${current}`])
    assert.match((await volumes('inspect', folder, '1')).out, new RegExp(`bytes that compaction frees of them +${recordBytes(100)}\n`))
    assert.match((await volumes('compact', folder, '1', '--stopped')).out, /1 needles kept, 1 dropped/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('volumes: files of a running start are not changed, whatever is said of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-volumes-'))
  const home = lockHome(folder)
  try {
    await mkdir(join(folder, 'volumes'))
    const refused = await volumes('compact', join(folder, 'volumes'), '1', '--stopped')
    assert.notEqual(refused.status, 0)
    assert.match(refused.error, /is in use by another start/)
  } finally {
    home.unlock()
    await rm(folder, { recursive: true, force: true })
  }
})

test('volumes: a volume that a process appends to is not changed, wherever it lies, though somebody says that all is stopped', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-volumes-'))
  try {
    const store = await createFileBlobStore({ folder, writer: 'w' })
    const append = async (key: bigint) => (await store.append([{ key, alt: 9, data: new Uint8Array(100) }]))[0]
    const first = await append(1n)
    for (const command of [
      ['compact', folder, '1'],
      ['repair', folder, '1', join(folder, '1.volume')],
    ]) {
      const refused = await volumes(...command, '--stopped')
      assert.notEqual(refused.status, 0)
      assert.match(refused.error, /A process has the volume open to append to it/)
    }
    const second = await append(2n)
    await store.close()
    assert.equal((await volumes('compact', folder, '1', '--stopped')).status, 0)
    const reader = createFileBlobReader({ folder })
    assert.ok(first && second && (await reader.read(1n, first)) && (await reader.read(2n, second)))
    await reader.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('volumes: a volume that another process is compacting is left alone, and said so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-volumes-'))
  try {
    const store = await createFileBlobStore({ folder, writer: 'w', limits: { extentBytes: 4096 } })
    await store.append([{ key: 1n, alt: 9, data: new Uint8Array(100) }])
    await store.close()
    const unlock = lockFile(join(folder, '1.lock'))
    const refused = await volumes('compact', folder, '1', '--stopped')
    assert.notEqual(refused.status, 0)
    assert.match(refused.error, /Another process is compacting or repairing the volume/)
    unlock?.()
    assert.equal((await volumes('compact', folder, '1', '--stopped')).status, 0)
    assert.match((await volumes('compact', folder, '2', '--stopped')).error, /There is no such volume/)
    assert.doesNotMatch((await volumes('ls', folder)).out, /lock/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
