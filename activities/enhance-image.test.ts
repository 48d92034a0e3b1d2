import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import type { DevelopImageDeps } from './develop-image.ts'
import type { Draft } from './draft.ts'
import { enhanceImage } from './enhance-image.ts'
import { photo, photoObjects, photoProbe } from './photo.fixture.ts'

const input = { ...photo, version: 2 }
const manifest = { kind: 'image', version: 1, width: 100, height: 100, blurhash: 'L', renditions: [], parts: [] }
const hash = 'a'.repeat(64)

/** The draft that is left of a ready photo, whose picture has so much in it. */
async function draftOf(quality: number): Promise<Draft> {
  const drafts: Draft[] = []
  const deps = {
    catalog: {
      get: async () => ({ ...input, id: input.mediaId, version: 1, state: 'ready', manifest }),
      finish: async (...[, , , draft]: unknown[]) => void drafts.push(draft as Draft),
    },
    objects: photoObjects,
    blobs: { append: async (batch: readonly unknown[]) => batch.map(() => ({ volume: 1, alt: 1, cookie: '0123456789abcdef' })) },
    images: {
      probe: async () => photoProbe,
      develop: async () => ({
        files: [{ name: 'w100.jpg', type: 'image/jpeg', width: 100, height: 100, alt: 1, data: new Uint8Array(3) }],
        fingerprint: { hash, quality, turned: [hash] },
        facts: {},
      }),
    },
  } as unknown as DevelopImageDeps
  await new MockActivityEnvironment().run(enhanceImage(deps), input)
  const [draft] = drafts
  assert.ok(draft)
  return draft
}

test('enhance-image: a photo goes on being found by what it looks like', async () => {
  const { manifest: enhanced, fingerprint } = await draftOf(80)
  assert.deepEqual([enhanced.version, enhanced.enhanced, fingerprint], [2, true, hash])
  assert.equal((await draftOf(10)).fingerprint, undefined)
})
