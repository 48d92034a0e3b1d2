import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createMemoryBlobStore } from '../blobstore/memory.ts'
import { codeOf, MediaError } from '../domain/errors.ts'
import { keyOf, type MediaId } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import type { ReplacedVersion, Retired } from '../domain/ports.ts'
import { forgetVersions, retireVersions, type RetireDeps } from './retire-versions.ts'

const id = '01kq8z4v7g0j0' as MediaId
const text = (value: string) => new TextEncoder().encode(value)

/** An item of two versions side by side in one volume, the first of them due. */
async function world() {
  const blobs = await createMemoryBlobStore()
  const [old, current] = await blobs.append([
    { key: keyOf(id), alt: 0x100_0000, data: text('old') },
    { key: keyOf(id), alt: 0x200_0000, data: text('current') },
  ])
  assert.ok(old && current)
  let due: ReplacedVersion[] = [{ id, version: 1 }]
  const steps: string[] = []
  const deps: RetireDeps = {
    catalog: {
      replaced: async () => due,
      forgetReplaced: async ({ version }) => {
        steps.push(`forget ${version}`)
        due = due.filter((one) => one.version !== version)
      },
      placements: async () => [old.volume],
    },
    blobs: {
      delete: async (key, volume, version) => {
        steps.push(`delete ${version}`)
        await blobs.delete(key, volume, version)
      },
    },
    purgers: [{ name: 'edge', purge: async (tag) => void steps.push(`purge ${tag}`) }],
  }
  const run = <Input extends unknown[], Output>(activity: (...input: Input) => Promise<Output>, ...input: Input): Promise<Output> =>
    new MockActivityEnvironment().run(activity, ...input)
  return { blobs, old, current, deps, steps, run }
}

test('retire-versions: the old files are gone for good, the current ones stay, and edges are purged by the tag of the version', async () => {
  const { blobs, old, current, deps, steps, run } = await world()
  const { versions, troubles } = await run(retireVersions(deps))
  assert.deepEqual([versions, troubles], [[{ id, version: 1 }], []])
  await assert.rejects(blobs.read(keyOf(id), old), (error) => codeOf(error) === 'VERSION_REPLACED')
  assert.equal(Buffer.from((await blobs.read(keyOf(id), current)).data).toString(), 'current')
  assert.deepEqual(steps, ['delete 1'], 'no edge is purged while an origin may still hold the files')
  await run(forgetVersions(deps), versions)
  assert.deepEqual(steps, ['delete 1', `purge m-${id}-v1`, 'forget 1'])
  assert.deepEqual(await run(retireVersions(deps)), { versions: [], troubles: [] })
})

test('retire-versions: whatever ends in between is done again and comes to the same', async () => {
  const { blobs, old, current, deps, steps, run } = await world()
  await run(retireVersions(deps))
  const { versions: again } = await run(retireVersions(deps))
  assert.deepEqual(again, [{ id, version: 1 }], 'known until edges are purged')
  const dead: RetireDeps = { ...deps, purgers: [{ name: 'edge', purge: async () => Promise.reject(new Error('unreachable')) }] }
  await assert.rejects(run(forgetVersions(dead), again))
  assert.ok(!steps.includes('forget 1'))
  await run(forgetVersions(deps), again)
  await run(forgetVersions(deps), again)
  await assert.rejects(blobs.read(keyOf(id), old), (error) => codeOf(error) === 'VERSION_REPLACED')
  await blobs.read(keyOf(id), current)
})

/** Items of one version that is due, each in the volumes named; of the volumes in `broken` none opens. */
function broken(placements: readonly (readonly number[])[], errors: ReadonlyMap<number, MediaError>) {
  const due = placements.map((_, at) => ({ id: `01kq8z4v7g${at.toString().padStart(3, '0')}` as MediaId, version: 1 }))
  const tombstones: string[] = []
  const deps: RetireDeps = {
    catalog: {
      replaced: async (_olderThanMs, limit) => due.slice(0, limit),
      forgetReplaced: async () => {},
      placements: async (item) => [...(placements[due.findIndex((one) => one.id === item)] ?? [])],
    },
    blobs: {
      delete: async (key, volume) => {
        const error = errors.get(volume)
        tombstones.push(`${due.findIndex((one) => keyOf(one.id) === key)} in ${volume}`)
        if (error) throw error
      },
    },
    purgers: [],
  }
  const retire = async (attempt: number) => (await new MockActivityEnvironment({ attempt }).run(retireVersions(deps))) as Retired
  return { due, tombstones, retire }
}

test('retire-versions: a volume that does not open keeps no other one waiting, and what lies in it is not said to be gone', async () => {
  const { due, tombstones, retire } = broken([[2], [1], [2, 3], [3]], new Map([[2, new MediaError('BLOB_CORRUPT')]]))
  const { versions, troubles } = await retire(1)
  assert.deepEqual(versions, [due[1], due[3]])
  assert.deepEqual(troubles, [{ volume: 2, code: 'BLOB_CORRUPT' }])
  assert.deepEqual(tombstones, ['0 in 2', '1 in 1', '2 in 3', '3 in 3'])
})

test('retire-versions: what passes by itself is tried again before it is told, and the others have their tombstones by then', async () => {
  const { due, tombstones, retire } = broken([[2], [1]], new Map([[2, new MediaError('STORAGE_UNAVAILABLE')]]))
  await assert.rejects(retire(1), (error) => codeOf(error) === 'STORAGE_UNAVAILABLE')
  assert.deepEqual(tombstones, ['0 in 2', '1 in 1'])
  assert.deepEqual(await retire(3), { versions: [due[1]], troubles: [{ volume: 2, code: 'STORAGE_UNAVAILABLE' }] })
})

test('retire-versions: behind more versions in trouble than one run takes others are found', async () => {
  const { due, retire } = broken(
    [[1], ...Array.from({ length: limits.replacedVersionsPerRunMax }, () => [2]), [1]],
    new Map([[2, new MediaError('BLOB_CORRUPT')]]),
  )
  assert.deepEqual((await retire(1)).versions, [due[0], due.at(-1)])
})
