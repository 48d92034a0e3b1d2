/** What is decided about the moving part of a picture: an animation, or the clip that a camera took beside a photo. */
import type { Look } from './edits.ts'
import type { Size } from './framing.ts'
import type { Motion } from './media.ts'
import { orientedSize } from './plan-image.ts'
import { planVideo } from './plan-video.ts'
import type { ImageProbe, ImageSourceType, Preset, SourceTraits, VideoPlan, VideoProbe } from './plans.ts'

/** One file, fetched whole: large enough for a feed, small enough to be there at once. */
const RUNG = { shortSide: 720, crf: 23, maxKbps: 3_200 }

/** How the frames of an animation reach the encoder: it reads these two itself, others are unrolled for it. */
const framesAs: Partial<Readonly<Record<ImageSourceType, 'gif' | 'apng'>>> = { 'image/gif': 'gif', 'image/png': 'apng' }

/** The loop that an animation becomes; what its header said is all that it takes. */
export function planLoop(probe: ImageProbe, preset: Preset, look: Look): VideoPlan {
  const { animation, type, orientation, hasAlpha } = probe
  if (!animation) throw new Error('a still picture has no loop')
  const traits: SourceTraits = {
    frames: framesAs[type as ImageSourceType] ?? 'raw',
    ...(hasAlpha ? { alpha: 'plain' } : {}),
    ...(orientation === 1 ? {} : { orientation }),
  }
  const { durationMs, fps } = animation
  const source = { ...orientedSize(probe), durationMs, fps, startSeconds: 0, videoCodec: type, videoStreamIndex: 0, audio: null }
  return planVideo({ ...source, ...traits }, withOneRung(preset), look)
}

/** What an app is told of what moves of a picture. */
export function motionOf({ animation }: ImageProbe, { durationMs }: VideoPlan, name: string): Motion {
  return animation ? { kind: 'animation', name, durationMs, loops: animation.loops } : { kind: 'clip', name, durationMs, loops: 1 }
}

/** The clip that was taken beside a photo: what is cut out of the one is cut out of the other. */
export function planClip(probe: VideoProbe, photo: Size, preset: Preset, look: Look): VideoPlan {
  return planVideo(probe, withOneRung(preset), inPercent(look, photo))
}

/** A clip has fewer pixels than its photo, so a part that was told in pixels is told in shares. */
function inPercent(look: Look, { width, height }: Size): Look {
  const { crop, ...framing } = look.edits?.framing ?? {}
  if (!look.edits || crop?.unit !== 'pixels') return look
  const [across, down] = [100 / width, 100 / height]
  const shares = { unit: 'percent', x: crop.x * across, y: crop.y * down, width: crop.width * across, height: crop.height * down } as const
  return { ...look, edits: { ...look.edits, framing: { ...framing, crop: shares } } }
}

function withOneRung(preset: Preset): Preset {
  return { ...preset, video: { ...preset.video, rungs: [RUNG] } }
}
