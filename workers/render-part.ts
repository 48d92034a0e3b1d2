import type { NativeConnection } from '@temporalio/worker'
import { join } from 'node:path'
import { imageActivities, videoActivities } from '../activities/index.ts'
import { factsOfError } from '../api/logger.ts'
import { limits } from '../domain/limits.ts'
import type { BlobStore, ImageStudio } from '../domain/ports.ts'
import { taskQueues } from '../domain/workflow-inputs.ts'
import type { Look } from '../domain/edits.ts'
import { cornerMask, frameCubesOf } from '../media/filters/index.ts'
import { lookLut } from '../media/filters/look.ts'
import { createImageStudio } from '../media/image/studio.ts'
import { createVideoStudio, type VideoLook } from '../media/video/studio.ts'
import type { Config } from './config.ts'
import type { Core } from './core.ts'
import type { Part, Parts } from './part.ts'
import { startQueueWorker, type QueueWorkerOptions } from './temporal-worker.ts'

/** What every queue's worker is started with. */
export type WorkerSeat = Pick<QueueWorkerOptions, 'connection' | 'namespace' | 'buildId' | 'onActivity' | 'onFailure'>

export function workerSeat(core: Core, connection: NativeConnection, buildId: string, onFailure: (error: unknown) => void): WorkerSeat {
  return {
    connection,
    namespace: core.config.temporal.namespace,
    buildId,
    onActivity: core.metrics.onActivity,
    onFailure: (error) => {
      core.logger.error('worker-stopped', factsOfError(error))
      onFailure(error)
    },
  }
}

/** Decoders for `slots` images at once, each in a killable child; `ffmpeg` decodes what takes much memory otherwise. */
export function openImageStudio({ home }: Pick<Config, 'home'>, slots: number, ffmpeg: string, parts: Parts): ImageStudio {
  const images = createImageStudio({ slots, limits, ffmpeg, codeFolder: join(home, 'code') })
  parts.add({ name: 'image studio', stop: async () => await images.close() })
  return images
}

/** The worker of queue `darkroom-image`. */
export async function startImageWorker(core: Core, seat: WorkerSeat, blobs: BlobStore, images: ImageStudio): Promise<Part> {
  const { catalog, objects, config } = core
  return await startQueueWorker({
    ...seat,
    taskQueue: taskQueues.image,
    slots: config.slots.image,
    activities: imageActivities({ catalog, objects, blobs, images, limits }),
  })
}

/** The worker of queue `darkroom-video`; posters are rendered by `images`. */
export async function startVideoWorker(
  core: Core,
  seat: WorkerSeat,
  blobs: BlobStore,
  images: ImageStudio,
  tools: { readonly ffmpeg: string; readonly ffprobe: string },
): Promise<Part> {
  const { catalog, objects, config, contentKeys } = core
  const videos = createVideoStudio({
    ...tools,
    scratch: join(config.home, 'scratch'),
    codeFolder: join(config.home, 'code'),
    limits,
    lookOf,
  })
  return await startQueueWorker({
    ...seat,
    taskQueue: taskQueues.video,
    slots: config.slots.video,
    activities: videoActivities({ contentKeys, catalog, objects, blobs, images, videos, limits }),
  })
}

/** The very filter that photos get, for frames. */
function lookOf(look: Look, width: number, height: number): VideoLook {
  const { centre, corners } = frameCubesOf(lookLut(look), look.filter ?? 'edits')
  return { centre, ...(corners === undefined ? {} : { corners: { cube: corners, mask: cornerMask(width, height) } }) }
}
