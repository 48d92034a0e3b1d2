import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, isRetryable } from '../../domain/errors.ts'
import { limits } from '../../domain/limits.ts'
import { orientedSize, planImage } from '../../domain/plan-image.ts'
import { planClip, planLoop } from '../../domain/plan-motion.ts'
import type { ImageProbe, Preset } from '../../domain/plans.ts'
import type { ImageStudio, VideoStudio } from '../../domain/ports.ts'
import { createVideoStudio } from '../../media/video/studio.ts'
import type { BenchContext } from '../types.ts'
import { typeOf } from './develop.ts'

export interface Studios {
  readonly images: ImageStudio
  readonly videos: VideoStudio
  readonly scratch: string
}

export function openVideos({ tools, scratch }: Pick<BenchContext, 'tools' | 'scratch'>): VideoStudio {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = tools
  return createVideoStudio({ ffmpeg, ffprobe, scratch: join(scratch, 'studio'), limits })
}

export interface NamedFile {
  readonly name: string
  readonly data: Uint8Array
}

let files = 0

/** The way of a picture without what stores it, as its workflow goes it: stills, then what moves. Throws what the pipeline would refuse with. */
export async function developWhole(studios: Studios, bytes: Uint8Array, preset: Preset): Promise<readonly NamedFile[]> {
  const probe = await studios.images.probe(bytes, typeOf(bytes))
  const plan = planImage(probe, preset, { filter: null, version: 1 })
  const stills = (await studios.images.develop(bytes, plan, {})).files
  const motion = await motionIn(studios, bytes, probe, preset)
  return motion ? [...stills, { name: 'motion.mp4', data: motion }] : stills
}

/** The MP4 of an animation, or of the clip beside a photo; null where there is none, or where the clip is left out. */
async function motionIn(
  { images, videos, scratch }: Studios,
  bytes: Uint8Array,
  probe: ImageProbe,
  preset: Preset,
): Promise<Uint8Array | null> {
  if (probe.animation) {
    const plan = planLoop(probe, preset, { filter: null })
    return await videos.clip(
      async (file) => {
        if (plan.frames === 'raw') await images.unroll(bytes, file, {})
        else await writeFile(file, bytes)
      },
      plan,
      {},
    )
  }
  if (!probe.clip) return null
  const path = join(scratch, `clip-${files++}`)
  await writeFile(path, bytes.subarray(probe.clip.start, probe.clip.end))
  try {
    const clip = await videos.probe(path, 'video/quicktime')
    return await videos.clip(path, planClip(clip.probe, orientedSize(probe), preset, { filter: null }), {})
  } catch (error) {
    if (isRetryable(error)) throw new Error(`the clip ends in ${codeOf(error)}`, { cause: error })
    return null
  }
}
