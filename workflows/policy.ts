import { proxyActivities, sleep, type ActivityOptions } from '@temporalio/workflow'
import type { ControlActivities, ImageActivities, VideoActivities, VolumeActivities } from '../activities/index.ts'
import { taskQueues } from '../domain/workflow-inputs.ts'
import { failureCode } from './failure.ts'

type Name = keyof ControlActivities | keyof ImageActivities | keyof VideoActivities | keyof VolumeActivities
type Policy = Pick<
  ActivityOptions,
  'taskQueue' | 'startToCloseTimeout' | 'scheduleToCloseTimeout' | 'heartbeatTimeout' | 'retry' | 'summary' | 'priority'
>

/** What the world does to us passes: try for as long as a day, at most half a minute apart. */
const patient = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' } as const
/** Work that may itself be what kills its worker is not tried for ever. */
const wary = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 10 } as const

const { control, image, video, volumes } = taskQueues

/** Where, how long, how often: the one table of time-outs and retries. Which errors are final is the error table's word. */
const policies: Readonly<Record<Name, Policy>> = {
  admitImage: { taskQueue: image, startToCloseTimeout: '1m', heartbeatTimeout: '8s', retry: wary, summary: 'header, predicted cost' },
  developImage: {
    taskQueue: image,
    startToCloseTimeout: '5m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'one decode, whole ladder, one batch',
  },
  enhanceImage: {
    taskQueue: image,
    startToCloseTimeout: '20m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'whole ladder at higher effort',
    // Nobody waits for it.
    priority: { priorityKey: 5 },
  },
  renderVariants: {
    taskQueue: image,
    startToCloseTimeout: '2m',
    heartbeatTimeout: '8s',
    // A reader waits: a few tries close together, and what fails then is asked for anew.
    retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumAttempts: 4 },
    summary: 'variants, from one decode',
    priority: { priorityKey: 1 },
  },
  admitVideo: {
    taskQueue: video,
    startToCloseTimeout: '20m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'container and streams',
    // What is short and stands before all else does not wait behind encoders.
    priority: { priorityKey: 2 },
  },
  tryTitle: {
    taskQueue: video,
    startToCloseTimeout: '10m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'trials on samples',
    priority: { priorityKey: 1 },
  },
  encodeLead: {
    taskQueue: video,
    startToCloseTimeout: '30m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'first chunk, low rungs',
    priority: { priorityKey: 1 },
  },
  encodeChunk: { taskQueue: video, startToCloseTimeout: '30m', heartbeatTimeout: '8s', retry: wary },
  encodeAudio: { taskQueue: video, startToCloseTimeout: '30m', heartbeatTimeout: '8s', retry: wary, summary: 'audio, whole' },
  encodeOtherSound: { taskQueue: video, startToCloseTimeout: '30m', heartbeatTimeout: '8s', retry: wary, summary: 'another sound, whole' },
  makeMotion: {
    taskQueue: video,
    startToCloseTimeout: '15m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'what moves of a picture',
  },
  makePoster: {
    taskQueue: video,
    startToCloseTimeout: '5m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'poster ladder and blurhash',
    priority: { priorityKey: 1 },
  },
  makeStoryboard: {
    taskQueue: video,
    startToCloseTimeout: '30m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'storyboard from keyframes',
  },
  extractCaptions: {
    taskQueue: video,
    startToCloseTimeout: '30m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'text tracks of the source',
  },
  makeMp4: {
    taskQueue: video,
    startToCloseTimeout: '30m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'one file out of stored segments',
  },
  assembleVideo: { taskQueue: video, startToCloseTimeout: '5m', heartbeatTimeout: '8s', retry: wary, summary: 'playlists' },
  recaptionVideo: {
    taskQueue: video,
    startToCloseTimeout: '5m',
    heartbeatTimeout: '8s',
    retry: wary,
    summary: 'captions of a finished film',
    priority: { priorityKey: 1 },
  },
  publish: {
    taskQueue: control,
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: '1d',
    retry: patient,
    summary: 'manifest to the catalog',
  },
  invalidate: {
    taskQueue: control,
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: '1d',
    retry: patient,
    summary: 'purge what is replaced',
  },
  announcePlayable: {
    taskQueue: control,
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: '1d',
    retry: patient,
    summary: 'playable, with its event',
  },
  announce: {
    taskQueue: control,
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: '1d',
    retry: patient,
    summary: 'ready, with its event',
  },
  refuse: {
    taskQueue: control,
    startToCloseTimeout: '20s',
    scheduleToCloseTimeout: '1d',
    retry: patient,
    summary: 'rejected or failed, with its event',
  },
  discard: {
    taskQueue: control,
    startToCloseTimeout: '2m',
    scheduleToCloseTimeout: '1d',
    retry: patient,
    summary: 'needles, original, checkpoints',
  },
  beginErase: { taskQueue: control, startToCloseTimeout: '20s', retry: patient, summary: 'tombstone' },
  awaitIngestEnd: {
    taskQueue: control,
    startToCloseTimeout: '2m',
    heartbeatTimeout: '8s',
    retry: { maximumAttempts: 5 },
    summary: 'the ingest has stopped',
  },
  verifyOrigins: {
    taskQueue: control,
    startToCloseTimeout: '20s',
    heartbeatTimeout: '8s',
    retry: { ...patient, initialInterval: '100ms', maximumInterval: '5s' },
    summary: 'every origin refuses',
  },
  purgeEdges: { taskQueue: control, startToCloseTimeout: '20s', retry: patient, summary: 'every edge purged' },
  certifyErase: {
    taskQueue: control,
    startToCloseTimeout: '20s',
    heartbeatTimeout: '8s',
    retry: { ...patient, initialInterval: '100ms', maximumInterval: '5s' },
    summary: 'seen to be refused, receipt',
  },
  retireVersions: {
    taskQueue: control,
    startToCloseTimeout: '10m',
    heartbeatTimeout: '15s',
    retry: wary,
    summary: 'tombstones for replaced versions',
  },
  forgetVersions: {
    taskQueue: control,
    startToCloseTimeout: '10m',
    heartbeatTimeout: '15s',
    retry: wary,
    summary: 'replaced versions purged',
  },
  volumesToCompact: {
    taskQueue: volumes,
    startToCloseTimeout: '10m',
    heartbeatTimeout: '15s',
    retry: wary,
    summary: 'volumes that are due',
  },
  compactVolume: { taskQueue: volumes, startToCloseTimeout: '12h', heartbeatTimeout: '15s', retry: wary },
  volumesToScrub: { taskQueue: volumes, startToCloseTimeout: '1m', retry: wary, summary: 'volumes that are due' },
  volumesToMerge: { taskQueue: volumes, startToCloseTimeout: '10m', heartbeatTimeout: '15s', retry: wary, summary: 'volumes that are due' },
  mergeVolume: { taskQueue: volumes, startToCloseTimeout: '12h', heartbeatTimeout: '15s', retry: wary },
  collectGarbage: { taskQueue: volumes, startToCloseTimeout: '6h', heartbeatTimeout: '15s', retry: wary, summary: 'what no longer counts' },
  scrubVolume: { taskQueue: volumes, startToCloseTimeout: '12h', heartbeatTimeout: '15s', retry: wary },
}

type Activities = ControlActivities & ImageActivities & VideoActivities & VolumeActivities

/** The activity of a name under its policy, and no longer: what cannot be done now is done at the next run. */
export function attempt<K extends Name>(name: K, own: Own = {}): Activities[K] {
  const options = { cancellationType: 'WAIT_CANCELLATION_COMPLETED' as const, ...policies[name], ...own }
  return proxyActivities<Activities>(options)[name] as unknown as Activities[K]
}

/** What a call has of its own, in place of the table's. */
type Own = Pick<ActivityOptions, 'summary' | 'priority'>

/** What ails us and not the item: waited out, since giving up would discard what was acknowledged. */
const outages: ReadonlySet<string> = new Set([
  'STORAGE_FULL',
  'STORAGE_UNAVAILABLE',
  'CATALOG_UNAVAILABLE',
  'VOLUME_FENCED',
  'ENGINE_MISSING',
])
const OUTAGE_MS_MAX = 24 * 60 * 60_000

/**
 * The activity of a name under its policy, a summary and a priority given here in place of the table's. When its attempts are
 * used up by an outage it is begun anew each minute, for a day.
 */
export function activity<K extends Name>(name: K, own: Own = {}): Activities[K] {
  const run = attempt(name, own) as (...args: unknown[]) => Promise<unknown>
  const patiently = async (...args: unknown[]): Promise<unknown> => {
    const giveUpAt = Date.now() + OUTAGE_MS_MAX
    for (;;) {
      try {
        return await run(...args)
      } catch (error) {
        if (!outages.has(failureCode(error)) || Date.now() > giveUpAt) throw error
        await sleep('1m')
      }
    }
  }
  return patiently as unknown as Activities[K]
}
