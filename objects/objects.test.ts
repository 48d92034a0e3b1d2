import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as nodeFiles from 'node:fs/promises'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { codeOf } from '../domain/errors.ts'
import { objectStoreContract } from '../tests/contract/objects.contract.ts'
import { createFileObjectStore } from './file.ts'
import { createMemoryObjectStore } from './memory.ts'
import { entryOf, pathOf } from './paths.ts'

async function temporary(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'darkroom-objects-'))
}

async function folderOf(context: TestContext): Promise<string> {
  const folder = await temporary()
  context.after(() => rm(folder, { recursive: true }))
  return folder
}

objectStoreContract('memory objects', async () => ({ store: createMemoryObjectStore() }), {
  streamBytes: 5_000_003,
  oneWinner: true,
  keyBelowKey: true,
})

objectStoreContract(
  'file objects',
  async () => {
    const folder = await temporary()
    return {
      store: createFileObjectStore({ folder }),
      leftovers: () => readdir(join(folder, 'staging')),
      close: () => rm(folder, { recursive: true }),
    }
  },
  { streamBytes: 5_000_003, oneWinner: true, keyBelowKey: true },
)

/** A file system whose n-th call of one kind fails; counts what was fsynced. */
function failing(method: 'open' | 'mkdir' | 'link' | 'rename' | 'write' | 'sync', errno: string): typeof nodeFiles {
  const error = () => Object.assign(new Error(`${errno}: ${method}`), { code: errno })
  return new Proxy(nodeFiles, {
    get(target, property, receiver) {
      if (property === method) return async () => Promise.reject(error())
      if (property !== 'open') return Reflect.get(target, property, receiver)
      return async (...given: Parameters<typeof nodeFiles.open>) => {
        const handle = await nodeFiles.open(...given)
        if (method === 'write' || method === 'sync') Object.assign(handle, { [method]: async () => Promise.reject(error()) })
        return handle
      }
    },
  })
}

for (const [method, errno, code] of [
  ['write', 'ENOSPC', 'STORAGE_FULL'],
  ['write', 'EDQUOT', 'STORAGE_FULL'],
  ['sync', 'ENOSPC', 'STORAGE_FULL'],
  ['sync', 'EIO', 'STORAGE_UNAVAILABLE'],
  ['rename', 'ENOSPC', 'STORAGE_FULL'],
  ['open', 'EROFS', 'STORAGE_UNAVAILABLE'],
] as const) {
  test(`file objects: ${errno} of ${method} is ${code} and leaves nothing`, async (context) => {
    const folder = await folderOf(context)
    await createFileObjectStore({ folder }).head('a')
    const store = createFileObjectStore({ folder, files: failing(method, errno) })
    await assert.rejects(store.put('a', new Uint8Array(10)), (error) => codeOf(error) === code)
    assert.deepEqual(await readdir(join(folder, 'staging')), [])
    assert.equal(await createFileObjectStore({ folder }).head('a'), null)
  })
}

test('file objects: the bytes and every new folder are fsynced before a put returns', async (context) => {
  const folder = await folderOf(context)
  const synced: string[] = []
  const files = new Proxy(nodeFiles, {
    get(target, property, receiver) {
      if (property !== 'open') return Reflect.get(target, property, receiver)
      return async (...given: Parameters<typeof nodeFiles.open>) => {
        const handle = await nodeFiles.open(...given)
        const sync = handle.sync.bind(handle)
        return Object.assign(handle, {
          sync: async () => {
            synced.push(
              String(given[0])
                .slice(folder.length)
                .replace(/staging\/.+/, 'staging/file'),
            )
            await sync()
          },
        })
      }
    },
  })
  const store = createFileObjectStore({ folder, files })
  await store.head('x')
  synced.length = 0
  await store.put('a/b/c', new Uint8Array(1))
  assert.deepEqual(synced, ['/staging/file', '/objects/a', '/objects', '/objects/a/b'])
  synced.length = 0
  await store.put('a/b/c', new Uint8Array(1))
  assert.deepEqual(synced, ['/staging/file', '/objects/a/b'])
  synced.length = 0
  await store.delete('a/b/c')
  assert.deepEqual(synced, ['/objects/a/b'])
})

test('file objects: what a killed process left in the making is swept at start, what a running one makes is not', async (context) => {
  const folder = await folderOf(context)
  const staging = join(folder, 'staging')
  await mkdir(staging)
  const { pid: ended } = spawnSync(process.execPath, ['--version'])
  const host = hostname().replace(/[^A-Za-z0-9.-]/g, '_')
  const names = {
    ended: `${host}~${ended}~1~aa`,
    samePidEarlierProcess: `${host}~${process.pid}~1~bb`,
    running: `${host}~${process.ppid}~1~cc`,
    foreignYoung: 'elsewhere~1~1~dd',
    foreignOld: 'elsewhere~1~1~ee',
    mine: `${host}~${process.pid}~${Math.round(performance.timeOrigin)}~ff`,
  }
  for (const name of Object.values(names)) await writeFile(join(staging, name), 'x')
  await utimes(join(staging, names.foreignOld), 1, 1)
  assert.equal(await createFileObjectStore({ folder }).head('a'), null)
  assert.deepEqual((await readdir(staging)).toSorted(), [names.running, names.foreignYoung, names.mine].toSorted())
})

test('file objects: a store that could not prepare its folder tries again', async (context) => {
  const folder = await folderOf(context)
  await writeFile(join(folder, 'objects'), 'in the way')
  const store = createFileObjectStore({ folder })
  await assert.rejects(store.head('a'), (error) => codeOf(error) === 'STORAGE_UNAVAILABLE')
  await rm(join(folder, 'objects'))
  assert.equal(await store.head('a'), null)
})

test('file objects: an object replaced while it is read is an error, never a mixture', async (context) => {
  const store = createFileObjectStore({ folder: await folderOf(context) })
  await store.put('a', new Uint8Array(10).fill(1))
  const { body } = await store.get('a')
  await store.put('a', new Uint8Array(20).fill(2))
  await assert.rejects(
    async () => {
      for await (const chunk of body) assert.equal(chunk[0], 1)
    },
    (error) => codeOf(error) === 'STORAGE_UNAVAILABLE',
  )
})

test('file objects: objects survive the store, readable by their owner only', async (context) => {
  const folder = await folderOf(context)
  await createFileObjectStore({ folder }).put('a/b', new Uint8Array([7]))
  const store = createFileObjectStore({ folder })
  assert.deepEqual(await store.head('a/b'), { bytes: 1 })
  assert.equal((await nodeFiles.stat(await store.locate('a/b', 1_000))).mode & 0o077, 0)
  assert.equal((await nodeFiles.stat(join(folder, 'objects/a'))).mode & 0o077, 0)
})

test('paths: every key has a path of its own inside the folder, also where case is folded', () => {
  const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => !/[/\p{Cc}]|^\.\.?$/u.test(text))
  const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'))
  fc.assert(
    fc.property(key, key, (left, right) => {
      const [leftPath, rightPath] = [pathOf('/folder', left), pathOf('/folder', right)]
      assert.match(leftPath, /^\/folder\/[ -~]+=$/)
      assert.ok(!leftPath.includes('/../'))
      assert.equal(leftPath.toLowerCase() === rightPath.toLowerCase(), left === right)
      const names = leftPath.slice('/folder/'.length).split('/')
      assert.equal(names.map((name, index) => entryOf(name, index < names.length - 1)).join('/'), left)
    }),
  )
})
