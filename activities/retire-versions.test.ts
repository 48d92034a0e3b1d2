import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createMemoryBlobStore } from '../blobstore/memory.ts'
import { codeOf } from '../domain/errors.ts'
import { keyOf, type MediaId } from '../domain/ids.ts'
import type { ReplacedVersion } from '../domain/ports.ts'
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
  const due = await run(retireVersions(deps))
  assert.deepEqual(due, [{ id, version: 1 }])
  await assert.rejects(blobs.read(keyOf(id), old), (error) => codeOf(error) === 'VERSION_REPLACED')
  assert.equal(Buffer.from((await blobs.read(keyOf(id), current)).data).toString(), 'current')
  assert.deepEqual(steps, ['delete 1'], 'no edge is purged while an origin may still hold the files')
  await run(forgetVersions(deps), due)
  assert.deepEqual(steps, ['delete 1', `purge m-${id}-v1`, 'forget 1'])
  assert.deepEqual(await run(retireVersions(deps)), [])
})

test('retire-versions: whatever ends in between is done again and comes to the same', async () => {
  const { blobs, old, current, deps, steps, run } = await world()
  await run(retireVersions(deps))
  const again = await run(retireVersions(deps))
  assert.deepEqual(again, [{ id, version: 1 }], 'known until edges are purged')
  const dead: RetireDeps = { ...deps, purgers: [{ name: 'edge', purge: async () => Promise.reject(new Error('unreachable')) }] }
  await assert.rejects(run(forgetVersions(dead), again))
  assert.ok(!steps.includes('forget 1'))
  await run(forgetVersions(deps), again)
  await run(forgetVersions(deps), again)
  await assert.rejects(blobs.read(keyOf(id), old), (error) => codeOf(error) === 'VERSION_REPLACED')
  await blobs.read(keyOf(id), current)
})
