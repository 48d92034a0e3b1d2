import assert from 'node:assert/strict'
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import type { MediaId } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import { captionsKey, originalKey, remuxedKey } from '../domain/media.ts'
import type { VideoProbe } from '../domain/plans.ts'
import type { VideoStudio } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { createFileObjectStore } from '../objects/file.ts'
import { admitVideo, type AdmitVideoDeps } from './admit-video.ts'
import { discard, type DiscardDeps } from './discard.ts'
import { locateSource } from './original.ts'

const mediaId = '01kq8z4v7g0j0' as MediaId
const input: IngestInput = {
  mediaId,
  tenant: 'acme',
  kind: 'video',
  sourceType: 'video/mp2t',
  preset: 'standard',
  filter: null,
  version: 1,
}
const probe: VideoProbe = {
  durationMs: 4000,
  width: 640,
  height: 360,
  fps: 25,
  startSeconds: 0,
  videoCodec: 'h264',
  videoStreamIndex: 0,
  audio: null,
}

test('admit-video: what has more than one chunk begins with a brief one, and how a ladder by title is encoded is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'admit-video-'))
  const objects = createFileObjectStore({ folder: join(folder, 'objects') })
  await objects.put(originalKey(mediaId), Buffer.from('movie'))
  const admitted = async (durationMs: number, preset = 'standard') => {
    const videos = { probe: async () => ({ probe: { ...probe, durationMs }, facts: {}, seekable: true }) }
    const catalog = { setStage: async () => {}, finish: async () => {} }
    const deps = { catalog, objects, videos, limits } as unknown as AdmitVideoDeps
    return (await new MockActivityEnvironment().run(admitVideo(deps), { ...input, preset })) as VideoProbe
  }
  const briefStart = async (...of: Parameters<typeof admitted>) => (await admitted(...of)).briefStart
  const titleEffort = async (...of: Parameters<typeof admitted>) => (await admitted(...of)).titleEffort
  try {
    assert.deepEqual(
      [await briefStart(4_000), await briefStart(40_000), await briefStart(40_000, 'protected')],
      [undefined, true, undefined],
    )
    assert.deepEqual([await titleEffort(4_000), await titleEffort(4_000, 'by-title')], [undefined, 'high'])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('admit-video: what cannot be sought in is worked from a remuxed copy, which is discarded with the original', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'admit-video-'))
  const objects = createFileObjectStore({ folder: join(folder, 'objects') })
  await objects.put(originalKey(mediaId), Buffer.from('transport stream'))
  await objects.put(captionsKey(mediaId, 'en', 'given'), Buffer.from('WEBVTT'))
  const finished: unknown[] = []
  const videos: Pick<VideoStudio, 'probe' | 'remux'> = {
    probe: async (source, type) => {
      const text = await readFile(source, 'utf8')
      assert.equal(text, type === 'video/mp2t' ? 'transport stream' : 'movie')
      return type === 'video/mp2t'
        ? { probe: { ...probe, durationMs: 0 }, facts: { camera: 'original' }, seekable: false }
        : { probe, facts: {}, seekable: true }
    },
    remux: async (_source, _type, _probe, deliver) => {
      await writeFile(join(folder, 'remuxed'), 'movie')
      await deliver(join(folder, 'remuxed'))
      return { type: 'video/mp4' }
    },
  }
  const catalog = {
    setStage: async () => {},
    finish: async (...args: unknown[]) => void finished.push(args.slice(2)),
    placements: async () => [],
    forgetCheckpoints: async () => {},
    forgetPlacements: async () => {},
    forgetVariants: async () => {},
  }
  const deps = { catalog, objects, videos, limits, blobs: {} } as unknown as AdmitVideoDeps & DiscardDeps
  try {
    const admitted = (await new MockActivityEnvironment().run(admitVideo(deps), input)) as VideoProbe
    assert.deepEqual(admitted, { ...probe, remuxed: true, withinLevel: true, shortEnd: true, groupEnd: true })
    assert.deepEqual(finished, [['facts', { camera: 'original' }]], 'what the original says, not the copy')
    assert.equal(await readFile(await locateSource(objects, mediaId, admitted), 'utf8'), 'movie')
    await discard(deps)(input)
    assert.equal(await objects.head(remuxedKey(mediaId)), null)
    assert.equal(await objects.head(originalKey(mediaId)), null)
    assert.equal(await objects.head(captionsKey(mediaId, 'en', 'given')), null)
  } finally {
    await rm(folder, { recursive: true })
  }
})
