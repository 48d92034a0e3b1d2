import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import type { MediaId } from '../domain/ids.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import type { DevelopImageDeps } from './develop-image.ts'
import type { Draft } from './draft.ts'
import { enhanceImage } from './enhance-image.ts'

const input: IngestInput = {
  mediaId: '01kq8z4v7g0j0' as MediaId,
  tenant: 'acme',
  kind: 'image',
  sourceType: 'image/jpeg',
  preset: 'standard',
  filter: null,
  version: 2,
}
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
    objects: {
      get: async () => ({
        bytes: 1,
        body: (async function* () {
          yield new Uint8Array(1)
        })(),
      }),
    },
    blobs: { append: async (batch: readonly unknown[]) => batch.map(() => ({ volume: 1, alt: 1, cookie: '0123456789abcdef' })) },
    images: {
      probe: async () => ({
        type: 'image/jpeg',
        width: 100,
        height: 100,
        orientation: 1,
        frames: 1,
        hasAlpha: false,
        heldWhole: false,
        decodeBytesPerPixel: 3,
      }),
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
