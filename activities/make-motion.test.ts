import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { MediaError } from '../domain/errors.ts'
import type { MediaId } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import { type Manifest, originalKey, remuxedKey } from '../domain/media.ts'
import type { ImageProbe } from '../domain/plans.ts'
import type { NeedleInput, VideoStudio } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { createFileObjectStore } from '../objects/file.ts'
import { makeMotion, type MotionDeps } from './make-motion.ts'
import { photo } from './photo.fixture.ts'

const mediaId = '01kq8z4v7g0j0' as MediaId
const input: IngestInput = { ...photo, mediaId }
const still: ImageProbe = {
  type: 'image/gif',
  width: 640,
  height: 480,
  orientation: 1,
  frames: 1,
  hasAlpha: false,
  heldWhole: true,
  decodeBytesPerPixel: 12,
}
const animated: ImageProbe = { ...still, frames: 9, animation: { durationMs: 900, fps: 10, loops: 0 } }
const withClip: ImageProbe = { ...still, type: 'image/jpeg', clip: { start: 5, end: 10 } }
const locator = { volume: 1, alt: 1, cookie: '0123456789abcdef' }
const jpeg = { name: 'w640.jpg', type: 'image/jpeg', width: 640, height: 480, bytes: 9, locator }
const webp = { ...jpeg, name: 'w640.webp', type: 'image/webp' }

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'make-motion-'))
})
after(async () => {
  await rm(folder, { recursive: true })
})

/** The activity over a draft with two stills, and what became of it. */
async function run(probe: ImageProbe, videos: Partial<VideoStudio>, times = 1) {
  const objects = createFileObjectStore({ folder: join(folder, 'objects') })
  await objects.put(originalKey(mediaId), Buffer.from('stillMOVIEtrailer'))
  let draft = {
    manifest: { kind: 'image', version: 1, width: 640, height: 480, blurhash: 'x', renditions: [webp, jpeg], parts: [] } as Manifest,
  }
  const stored: NeedleInput[] = []
  const deps = {
    objects,
    videos,
    limits,
    catalog: { finished: async () => draft, finish: async (...args: unknown[]) => void (draft = args[3] as typeof draft) },
    blobs: {
      append: async (batch: readonly NeedleInput[]) => {
        stored.push(...batch)
        return batch.map(() => locator)
      },
    },
  } as unknown as MotionDeps
  let answer: unknown
  for (let time = 0; time < times; time++) answer = await new MockActivityEnvironment().run(makeMotion(deps), input, probe)
  return { answer, manifest: draft.manifest, stored, left: await objects.head(remuxedKey(mediaId)) }
}

test('make-motion: a loop is put beside the stills, once however often it is asked for', async () => {
  const { manifest, stored } = await run(animated, { clip: async () => Buffer.from('mp4') }, 2)
  assert.equal(stored.length, 1)
  assert.deepEqual(manifest.motion, { kind: 'animation', name: 'motion.mp4', durationMs: 900, loops: 0 })
  assert.equal(manifest.poster, 'w640.jpg')
  assert.deepEqual(manifest.renditions.at(-1), { ...jpeg, name: 'motion.mp4', type: 'video/mp4', bytes: 3 })
})

test('make-motion: a clip is cut out of its photo, and nothing is left lying', async () => {
  const seen: string[] = []
  const probe = {
    durationMs: 2_000,
    width: 640,
    height: 480,
    fps: 30,
    startSeconds: 0,
    videoCodec: 'h264',
    videoStreamIndex: 0,
    audio: null,
  }
  const { manifest, left } = await run(withClip, {
    probe: async (source) => {
      seen.push(await readFile(source, 'latin1'))
      return { probe, facts: {}, seekable: true }
    },
    clip: async () => Buffer.from('mp4'),
  })
  assert.deepEqual([seen, left], [['MOVIE'], null])
  assert.deepEqual(manifest.motion, { kind: 'clip', name: 'motion.mp4', durationMs: 2_000, loops: 1 })
})

test('make-motion: a clip that cannot be decoded is left out, an animation that cannot is refused, and an outage is neither', async () => {
  const corrupt = async () => {
    throw new MediaError('MEDIA_CORRUPT')
  }
  const without = await run(withClip, { probe: corrupt })
  assert.deepEqual([without.answer, without.manifest.motion, without.left], [{ bytes: 0, leftOut: 'MEDIA_CORRUPT' }, undefined, null])
  assert.deepEqual(without.manifest.losses, ['clip'])
  await assert.rejects(run(animated, { clip: corrupt }), /damaged/)
  const lost = async () => {
    throw new MediaError('WORKER_LOST')
  }
  await assert.rejects(run(withClip, { probe: lost }), /ended/)
})
