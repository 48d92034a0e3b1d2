import { dirname, basename } from 'node:path'
import { flags, runOptions, type Command } from '../video/command.ts'
import { runFfmpeg } from '../video/ffmpeg.ts'

export interface SampleClipOptions {
  readonly ffmpeg: string
  /** Path of the MP4 to write; its folder has to exist. */
  readonly target: string
  readonly seconds?: number
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  readonly signal?: AbortSignal
}

/** What a phone would write into the clip, and what must not come out of the pipeline again. */
export const sampleClipTags = {
  creation_time: '2024-07-14T18:25:43Z',
  'com.apple.quicktime.make': 'Darkroom',
  'com.apple.quicktime.model': 'Sample Camera 1',
  'com.apple.quicktime.location.ISO6709': '+64.1466-021.9426+012.000/',
} as const

const CLIP_MS_MAX = 120_000

/**
 * Draws a clip with sound, H.264 and AAC in MP4: a sun crossing slowly turning colours over a chord that
 * swells, with a phone's private tags in it. Gives the path. Needs nothing but ffmpeg; the same options
 * give the same pictures.
 */
export async function makeSampleClip(options: SampleClipOptions): Promise<string> {
  await runFfmpeg(sampleClipCommand(options), {
    ffmpeg: options.ffmpeg,
    leash: [],
    folder: dirname(options.target),
    deadlineMs: CLIP_MS_MAX,
    signal: options.signal,
  })
  return options.target
}

/** The command behind {@link makeSampleClip}. */
export function sampleClipCommand({ target, seconds = 12, width = 1280, height = 720, fps = 30 }: SampleClipOptions): Command {
  const sun = Math.round(height / 3)
  // A smooth gradient loses nothing when it is drawn at a quarter of the pixels and enlarged.
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)]
  const colours = ['0x120c33', '0x4a1d5e', '0xb23a6e', '0xf2784b', '0xf7c66a', '0x6fb3b8', '0x1b3a66'].map(
    (colour, at) => `c${at}=${colour}`,
  )
  const sky = `gradients=s=${w}x${h}:r=${fps}:d=${seconds}:nb_colors=7:${colours.join(':')}:x0=0:y0=0:x1=${w - 1}:y1=${h - 1}:speed=0.01:seed=7,format=yuv444p,scale=${width}:${height}`
  // One drawn frame, repeated: a disc whose rim fades into a halo.
  const glow = 'clip(255*1.6*(1-hypot(X-W/2,Y-H/2)/(W/2)),0,255)'
  const disc = `color=c=0xfff3d0:s=${sun}x${sun}:r=${fps}:d=1,trim=end_frame=1,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='${glow}',loop=loop=-1:size=1,trim=duration=${seconds},setpts=N/(${fps}*TB)`
  const path = `x='(W-w)*(0.5+0.48*sin(2*PI*t/11))':y='(H-h)*(0.45-0.35*cos(2*PI*t/7))'`
  const voices = [220, 277.18, 329.63, 440].map((hertz, at) => `0.11*sin(2*PI*${hertz}*t)*(0.6+0.4*sin(2*PI*t/(${3 + at})))`)
  const fade = `afade=t=in:d=0.5,afade=t=out:st=${Math.max(0, seconds - 1)}:d=1`
  const graph = [
    `${sky}[sky]`,
    `${disc}[sun]`,
    `[sky][sun]overlay=${path}:shortest=1,format=yuv420p[out0]`,
    `aevalsrc='${voices.join('+')}|${voices.toReversed().join('+')}':s=48000:d=${seconds},${fade}[out1]`,
  ]
  return {
    inputOptions: [...runOptions(), '-f', 'lavfi'],
    source: graph.join(';'),
    outputs: [
      {
        options: [
          ...flags('-map', '0:v', '-map', '0:a', '-t', `${seconds}`),
          ...flags('-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', '-g', `${fps * 2}`),
          ...flags('-c:a', 'aac', '-b:a', '128k'),
          ...Object.entries(sampleClipTags).flatMap(([key, value]) => ['-metadata', `${key}=${value}`]),
          ...flags('-movflags', '+faststart+use_metadata_tags', '-f', 'mp4'),
        ],
        target: basename(target),
      },
    ],
  }
}
