import { ApplicationFailure } from '@temporalio/common'
import type { Complexity } from '../../domain/complexity.ts'
import type { MediaId } from '../../domain/ids.ts'
import type { Animation, ImageProbe, VideoProbe } from '../../domain/plans.ts'
import type { Retired } from '../../domain/ports.ts'
import type { VolumeCareInput, VolumeWorkflow } from '../../domain/volume-schedules.ts'
import {
  CAPTIONS_CHANGED,
  type EraseInput,
  type IngestInput,
  type RecaptionInput,
  type VariantsInput,
} from '../../domain/workflow-inputs.ts'

/** A run of a workflow whose history is kept: later code must be able to replay it. */
export interface Scenario {
  readonly name: string
  readonly workflow: 'ingest' | 'erase' | 'enhance' | 'recaption' | 'variants' | VolumeWorkflow
  readonly input: IngestInput | EraseInput | RecaptionInput | VariantsInput | VolumeCareInput
  /** Sent with the start. */
  readonly signal?: string
  /** What the header of the picture says, where that is not the usual. */
  readonly animation?: Animation
  /** What became of replaced versions, where that is not the usual. */
  readonly retired?: Retired
  /** What the activities do in this run, where that is not the usual. */
  readonly fails?: {
    readonly activity: string
    readonly code: string /** Only this often; always unless given. */
    readonly times?: number
  }
  /** The workflow itself ends as failed. */
  readonly red?: true
  /** Child workflow whose history is kept too. */
  readonly child?: 'image' | 'video'
}

const mediaId = '01kq8z4v7g0j0' as MediaId
const image: IngestInput = {
  mediaId,
  tenant: 'acme',
  kind: 'image',
  sourceType: 'image/jpeg',
  preset: 'standard',
  filter: null,
  version: 1,
}
const video: IngestInput = { ...image, kind: 'video', sourceType: 'video/mp4' }

export const scenarios: readonly Scenario[] = [
  { name: 'ingest-image-ready', workflow: 'ingest', input: image, child: 'image' },
  { name: 'ingest-image-second-version', workflow: 'ingest', input: { ...image, version: 2 } },
  { name: 'ingest-image-rejected', workflow: 'ingest', input: image, fails: { activity: 'admitImage', code: 'MEDIA_CORRUPT' } },
  { name: 'ingest-image-failed', workflow: 'ingest', input: image, fails: { activity: 'developImage', code: 'INTERNAL' } },
  {
    name: 'ingest-animation-ready',
    workflow: 'ingest',
    input: { ...image, sourceType: 'image/gif' },
    child: 'image',
    animation: { durationMs: 2_000, fps: 25, loops: 0 },
  },
  { name: 'ingest-video-ready', workflow: 'ingest', input: video, child: 'video' },
  { name: 'ingest-video-by-title', workflow: 'ingest', input: { ...video, preset: 'by-title' }, child: 'video' },
  {
    name: 'ingest-video-rejected-in-a-chunk',
    workflow: 'ingest',
    input: video,
    child: 'video',
    fails: { activity: 'encodeChunk', code: 'MEDIA_CORRUPT' },
  },
  {
    name: 'ingest-image-after-an-outage',
    workflow: 'ingest',
    input: image,
    child: 'image',
    fails: { activity: 'developImage', code: 'STORAGE_UNAVAILABLE', times: 1 },
  },
  { name: 'recaption', workflow: 'recaption', input: { mediaId, tenant: 'acme' }, signal: CAPTIONS_CHANGED },
  { name: 'volumes-compact', workflow: 'compact', input: {} },
  {
    name: 'volumes-compact-in-trouble',
    workflow: 'compact',
    input: {},
    fails: { activity: 'compactVolume', code: 'BLOB_CORRUPT', times: 1 },
    red: true,
  },
  { name: 'volumes-merge', workflow: 'merge', input: {} },
  { name: 'volumes-gc', workflow: 'gc', input: {} },
  { name: 'volumes-retire', workflow: 'retire', input: {} },
  {
    name: 'volumes-retire-in-trouble',
    workflow: 'retire',
    input: {},
    retired: { versions: [], troubles: [{ volume: 2, code: 'BLOB_CORRUPT' }] },
    red: true,
  },
  { name: 'volumes-scrub', workflow: 'scrub', input: {} },
  { name: 'enhance', workflow: 'enhance', input: { ...image, version: 2 } },
  {
    name: 'variants',
    workflow: 'variants',
    input: { mediaId, tenant: 'acme', version: 1, variants: [{ width: 800, format: 'webp' }] },
  },
  { name: 'erase', workflow: 'erase', input: { mediaId, tenant: 'acme', version: 1 } },
]

const imageProbe: ImageProbe = {
  type: 'image/jpeg',
  width: 4000,
  height: 3000,
  orientation: 6,
  frames: 1,
  hasAlpha: false,
  heldWhole: false,
  decodeBytesPerPixel: 3,
}
const videoProbe: VideoProbe = {
  durationMs: 20_000,
  width: 1280,
  height: 720,
  fps: 30,
  startSeconds: 0,
  videoCodec: 'h264',
  videoStreamIndex: 0,
  audio: { streamIndex: 1, codec: 'aac', channels: 2 },
  captions: [{ streamIndex: 2, language: 'en' }],
  otherSounds: [{ streamIndex: 3, language: 'de' }],
}

const complexity: Complexity = {
  fixed: { crf: 24, kbps: 300, ssim: 0.97 },
  eager: [
    { crf: 25, kbps: 280, ssim: 0.975 },
    { crf: 33, kbps: 100, ssim: 0.945 },
  ],
  small: { crf: 25, kbps: 150, ssim: 0.94 },
}

/** Activities that only answer: a history is made of what workflows asked and were told. */
export function answers({ fails, animation, retired }: Scenario): Record<string, () => Promise<unknown>> {
  const usual: Record<string, unknown> = {
    admitImage: animation ? { ...imageProbe, type: 'image/gif', frames: 50, animation } : imageProbe,
    makeMotion: { bytes: 100_000 },
    enhanceImage: { files: 15, bytes: 900_000 },
    renderVariants: { files: 1 },
    developImage: { files: 10, bytes: 1_000_000 },
    admitVideo: videoProbe,
    tryTitle: complexity,
    encodeLead: { segments: 2 },
    encodeChunk: { segments: 5 },
    encodeAudio: { segments: 4 },
    encodeOtherSound: { segments: 4 },
    makePoster: { files: 6 },
    extractCaptions: { tracks: 1 },
    makeMp4: { bytes: 1_000_000 },
    makeStoryboard: { pictures: 10 },
    assembleVideo: { parts: 30 },
    recaptionVideo: { outcome: 'changed', tracks: 2 },
    publish: null,
    invalidate: null,
    announcePlayable: null,
    announce: null,
    refuse: 'rejected',
    discard: null,
    beginErase: null,
    awaitIngestEnd: null,
    verifyOrigins: null,
    purgeEdges: null,
    certifyErase: null,
    volumesToCompact: [2, 3],
    compactVolume: { done: true, bytesBefore: 10_000_000, bytesAfter: 6_000_000, kept: 60, dropped: 40 },
    volumesToMerge: [2, 3],
    mergeVolume: { done: true, bytesBefore: 10_000_000, bytesAfter: 10_000_000, kept: 100, dropped: 0 },
    collectGarbage: 12,
    retireVersions: retired ?? { versions: [{ id: mediaId, version: 1 }], troubles: [] },
    forgetVersions: null,
    volumesToScrub: [1, 2],
    scrubVolume: { bytes: 10_000_000, needles: 100, repaired: 1, bad: [] },
  }
  let failures = 0
  return Object.fromEntries(
    Object.entries(usual).map(([name, answer]) => [
      name,
      async () => {
        if (fails?.activity === name && failures++ < (fails.times ?? Number.POSITIVE_INFINITY))
          throw ApplicationFailure.nonRetryable('as the scenario has it', fails.code)
        return answer
      },
    ]),
  )
}
