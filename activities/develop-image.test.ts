import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { codeOf } from '../domain/errors.ts'
import { developImage, type DevelopImageDeps } from './develop-image.ts'
import { photo, photoObjects, photoProbe } from './photo.fixture.ts'

const turned = Array.from({ length: 8 }, (_, way) => `${way}`.repeat(64))

/** Runs the activity on fakes; what was stored, the draft, and what it was refused with. */
async function develop(quality: number, blockedHash: string | null) {
  const stored: unknown[] = []
  const data = new Uint8Array(3)
  const drafts: unknown[] = []
  const deps = {
    catalog: {
      setStage: async () => {},
      finish: async (...[, , , draft]: unknown[]) => void drafts.push(draft),
      blockedLike: async (hashes: readonly string[]) =>
        blockedHash !== null && hashes.includes(blockedHash) ? { hash: blockedHash, distance: 0 } : null,
    },
    objects: photoObjects,
    blobs: {
      append: async (batch: readonly unknown[]) => (
        stored.push(...batch), batch.map(() => ({ volume: 1, alt: 1, cookie: '0123456789abcdef' }))
      ),
    },
    images: {
      develop: async () => ({
        files: [{ name: 'w100.jpg', type: 'image/jpeg', width: 100, height: 100, alt: 1, data }],
        blurhash: 'L',
        appearance: {},
        fingerprint: { hash: turned[0], quality, turned },
        facts: {},
        losses: [],
      }),
    },
  } as unknown as DevelopImageDeps
  const code = await new MockActivityEnvironment().run(developImage(deps), photo, photoProbe).then(() => null, codeOf)
  assert.equal(data.length, stored.length > 0 ? 0 : 3, 'what is stored takes no memory any more')
  return { code, stored: stored.length, fingerprint: (drafts[0] as { fingerprint?: string } | undefined)?.fingerprint }
}

test('develop-image: what looks like a picture on the block list is refused before anything is stored, also turned or mirrored', async () => {
  for (const hash of [turned[0] ?? '', turned[5] ?? ''])
    assert.deepEqual(await develop(80, hash), { code: 'MEDIA_BLOCKED', stored: 0, fingerprint: undefined })
  assert.deepEqual(await develop(80, 'f'.repeat(64)), { code: null, stored: 1, fingerprint: turned[0] })
})

test('develop-image: a picture with next to nothing in it has no fingerprint and is like no other', async () => {
  assert.deepEqual(await develop(49, turned[0] ?? ''), { code: null, stored: 1, fingerprint: undefined })
})
