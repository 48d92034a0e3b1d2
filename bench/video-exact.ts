import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { codeOf, MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { PlannedChunk, VideoPlan } from '../domain/plans.ts'
import { hasDamage } from '../media/video/failure.ts'
import { ladderTries } from '../media/video/ladder-command.ts'
import { hasZscale } from '../media/video/leash.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import { measureSync } from '../tests/e2e/support/sync.ts'
import type { Bench, BenchContext, Figure } from './types.ts'
import { clipsOf, littlePreset, opened, WHOLE_SECONDS } from './video/clips.ts'

const run = promisify(execFile)
/** Seconds: chunks of one GOP, of two, of five. */
const CHUNK_SECONDS = [1, 2, 5]
const SECONDS_MAX = 6
/** Milliseconds by which sound may be further from picture than in the one file that everything is made of. */
const SYNC_MS_MAX = 10
const SYNC_SECONDS = 10
/** The form that has to fail: it shows that the measuring can. */
const CONTROL = 'ffmpeg’s own split HLS in hls.js'
const players = [
  { way: 'one MP4', player: 'native', url: 'clip.mp4' },
  { way: 'our HLS in hls.js', player: 'hls.js', url: 'master.m3u8' },
  { way: 'our HLS in the browser’s own player', player: 'native', url: 'master.m3u8' },
  { way: 'our DASH in shaka-player', player: 'shaka', url: 'manifest.mpd' },
  { way: CONTROL, player: 'hls.js', url: 'split.m3u8' },
] as const

/** What a way of encoding made of one source. */
interface Made {
  /** Presentation times of the encoded frames, in ticks of the track. */
  readonly times: readonly number[]
  /** Frames that a decoder makes of the track. */
  readonly decoded: number
  /** Time and MD5 of every frame as it went into the encoder. */
  readonly frames: readonly string[]
}

/**
 * `npm run bench -- video-exact [FOLDER [SECONDS]]`: every file of a folder, or a few odd clips made for it, at
 * most SECONDS of each (6 when left out).
 */
export const bench: Bench = {
  name: 'video-exact',
  claim: `whatever the source and the chunks' length (${CHUNK_SECONDS.join(', ')} s), chunks have the frames of a whole encode, at the same times, and players show sound and picture together`,
  goal: `0 differences; sound within ${SYNC_MS_MAX} ms of one MP4's in every player`,
  run: measure,
}

async function measure(context: BenchContext): Promise<Figure> {
  const [folder, seconds = `${SECONDS_MAX}`] = context.args
  const make = await makerOf(context)
  let differences = 0
  let compared = 0
  for (const file of await clipsOf(context, folder)) {
    const name = basename(file)
    try {
      const { source, probe } = await make.open(file)
      const bounded = { ...probe, durationMs: Math.min(probe.durationMs, Number(seconds) * 1000) }
      const planOf = (chunkSeconds: number) => planVideo(bounded, littlePreset(chunkSeconds), { filter: null })
      const whole = await make.of(source, planOf(WHOLE_SECONDS))
      const found = [unevenIn(whole.times)].filter((verdict) => verdict !== null)
      for (const chunkSeconds of CHUNK_SECONDS) {
        const difference = differenceOf(await make.of(source, planOf(chunkSeconds)), whole)
        if (difference !== null) found.push(`chunks of ${chunkSeconds} s: ${difference}`)
        compared++
      }
      differences += found.length
      context.say(`${name}: ${whole.times.length} frames, ${found.length === 0 ? 'the same' : found.join('; ')}`)
    } catch (error) {
      // What is not accepted has no frames to compare.
      if (!(error instanceof MediaError)) throw error
      context.say(`${name}: ${codeOf(error)}`)
    }
  }
  const late = await outOfSync(context)
  differences += late.length
  for (const line of late) context.say(line)
  return {
    name: 'video-exact',
    value: differences,
    unit: `differences in ${compared} comparisons, and in ${players.length - 2} players`,
    goal: '0',
    peer: 'the same command over the whole source at once',
    holds: differences === 0 && compared > 0,
  }
}

/** Sentences on the players in which sound is not where one MP4 has it, and on a control that does not fail. */
async function outOfSync(context: BenchContext): Promise<string[]> {
  const [whole, ...offsets] = await measureSync({ ...context, seconds: SYNC_SECONDS }, players)
  if (!whole) throw new Error('nothing was measured')
  for (const { way, offsetMs, beeps } of [whole, ...offsets]) context.say(`${way}: sound ${offsetMs.toFixed(2)} ms late, of ${beeps} beeps`)
  return offsets.flatMap(({ way, offsetMs, beeps }) => {
    const isTogether = beeps > 0 && Math.abs(offsetMs - whole.offsetMs) <= SYNC_MS_MAX
    if (way !== CONTROL) return isTogether ? [] : [`${way}: sound is off by ${offsetMs.toFixed(1)} ms`]
    return isTogether ? ['the control does not fail'] : []
  })
}

async function makerOf({ tools, scratch }: BenchContext) {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = tools
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(scratch, 'studio'), limits })
  const zscale = await hasZscale(ffmpeg)

  /** The frames of a chunk before they are encoded: the studio's own decode and filters. */
  const framesOf = async (source: string, plan: VideoPlan, chunk: PlannedChunk) => {
    let frames: string[] = []
    for (const command of ladderTries(source, plan, chunk, { zscale, threads: 1, pixelsMax: limits.videoPixelsMax }, limits)) {
      const graph = command.outputs[0]?.options[1] ?? ''
      const hashes = ['-map', '[r0]', '-fps_mode', 'passthrough', '-f', 'framemd5', '-']
      const args = [...command.inputOptions, '-i', command.source, '-filter_complex', graph, ...hashes]
      const { stdout, stderr } = await run(ffmpeg, args, { maxBuffer: 64 * 1024 ** 2 })
      frames = stdout.split('\n').filter((line) => /^\d/.test(line))
      if (!hasDamage(stderr.split('\n'))) break
    }
    return frames
  }
  const ticksOf = async (file: string) => {
    const args = [
      '-v',
      'error',
      '-count_frames',
      '-select_streams',
      'v:0',
      '-of',
      'json',
      '-show_entries',
      'packet=pts:stream=nb_read_frames',
      file,
    ]
    const { stdout } = await run(ffprobe, args, { maxBuffer: 64 * 1024 ** 2 })
    const { packets, streams } = JSON.parse(stdout) as { packets: { pts: number }[]; streams: { nb_read_frames: string }[] }
    return { times: packets.map(({ pts }) => pts).toSorted((a, b) => a - b), decoded: Number(streams[0]?.nb_read_frames) }
  }

  return {
    open: async (file: string) => await opened(studio, file, join(scratch, 'remuxed')),
    async of(source: string, plan: VideoPlan): Promise<Made> {
      const parts: Uint8Array[] = []
      const frames: string[] = []
      for (const chunk of plan.chunks) {
        const [rung] = await studio.encodeChunk(source, plan, chunk, {})
        if (!rung) throw new Error('a chunk without a rung')
        parts.push(...(parts.length === 0 ? [rung.init] : []), ...rung.segments.map(({ data }) => data))
        frames.push(...(await framesOf(source, plan, chunk)))
      }
      const track = join(scratch, 'track.mp4')
      await writeFile(track, Buffer.concat(parts))
      return { ...(await ticksOf(track)), frames }
    },
  }
}

/** Says what is uneven about presentation times, which are at one distance all along. */
function unevenIn(times: readonly number[]): string | null {
  const step = (times[1] ?? 0) - (times[0] ?? 0)
  const at = times.findIndex((time, index) => index > 0 && time - (times[index - 1] ?? 0) !== step)
  return at < 0 ? null : `uneven at frame ${at}`
}

function differenceOf(chunked: Made, whole: Made): string | null {
  if (chunked.times.length !== whole.times.length) return `${chunked.times.length} frames for ${whole.times.length}`
  if (chunked.decoded !== chunked.times.length) return `${chunked.decoded} of ${chunked.times.length} frames decode`
  const moved = chunked.times.findIndex((time, index) => time !== whole.times[index])
  if (moved >= 0) return `frame ${moved} is shown at another time`
  const other = chunked.frames.findIndex((frame, index) => frame !== whole.frames[index])
  return other >= 0 || chunked.frames.length !== whole.frames.length ? `frame ${other} is another picture` : null
}
