import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { changesColours, coloursOf, type Look } from '../../domain/edits.ts'
import { planSamples } from '../../domain/complexity.ts'
import { MediaError } from '../../domain/errors.ts'
import { loudnessWindows } from '../../domain/loudness.ts'
import type { Limits } from '../../domain/limits.ts'
import { admitVideo, frameRateOf, framesOf } from '../../domain/plan-video.ts'
import type { VideoPlan } from '../../domain/plans.ts'
import { bestPoster, candidateSize, posterTimes } from '../../domain/poster-choice.ts'
import type { EncodeOptions, VideoStudio } from '../../domain/ports.ts'
import { AUDIO_FILE, audioCommand } from './audio-command.ts'
import { CLIP_FILE, clipCommand } from './clip-command.ts'
import { measureComplexity } from './complexity.ts'
import { captionsCommand, captionsFile } from './captions-command.ts'
import { copyCommand, withCopies } from './copy-command.ts'
import { isRemote, lookingFirst, type Command } from './command.ts'
import { hasDamage, hiddenFailure } from './failure.ts'
import { packetArguments, readPackets } from './ffprobe.ts'
import { ladderTries, rungFile } from './ladder-command.ts'
import { hasZscale, leashFor } from './leash.ts'
import { lookFiles } from './picture-filter.ts'
import { LOUDNESS_FILE, loudnessCommand, readLoudness } from './loudness-command.ts'
import { candidateFile, candidatesCommand, POSTER_FILE, posterCommand, posterTries } from './poster-command.ts'
import { demuxerFor, probeVideo } from './probe-video.ts'
import { REMUX_FILE, remuxCommand } from './remux-command.ts'
import { createRunner, type Runner } from './runner.ts'
import { createScratch } from './scratch.ts'
import { atPictureSize, STORYBOARD_FILE, storyboardCommand } from './storyboard-command.ts'
import { readTrack } from './track.ts'

export interface VideoStudioOptions {
  /** Paths of the programs, or names found on PATH. */
  readonly ffmpeg: string
  readonly ffprobe: string
  /** Folder for temporary files. */
  readonly scratch: string
  readonly limits: Limits
  /** A filter's look, for frames of this size; throws FILTER_UNKNOWN. */
  readonly lookOf?: (look: Look, width: number, height: number) => VideoLook
  /** What starts the programs: a process of its own unless given. */
  readonly runner?: Runner
  /** Where the code of what starts the programs is kept compiled; without it that takes more memory. */
  readonly codeFolder?: string
  /** Threads of one run, 1 unless given: what is parallel is the chunks. */
  readonly threads?: number
}

/** A filter for video: the text of a .cube file; where corners differ, theirs and how far towards them each pixel lies (8 bits). */
export interface VideoLook {
  readonly centre: string
  readonly corners?: { readonly cube: string; readonly mask: Uint8Array }
}

/** Frames by which a chunk may fall short: the last frame's length is not always written down. */
const MISSING_FRAMES_MAX = 2
/** Seconds by which the last chunk may fall short where a header says too much. */
const MISSING_TAIL_SECONDS_MAX = 0.5

/**
 * The studio that runs ffmpeg and ffprobe in killable children: see {@link VideoStudio} for what is promised.
 * Besides the codes named there every step may throw MEDIA_TOO_COSTLY (time or memory), STORAGE_UNAVAILABLE
 * and OBJECT_NOT_FOUND (a source over HTTP), STORAGE_FULL (scratch), WORKER_LOST and ENGINE_MISSING.
 */
export function createVideoStudio(options: VideoStudioOptions): VideoStudio {
  const { limits, threads = 1 } = options
  const scratch = createScratch(resolve(options.scratch), process.pid, performance.timeOrigin)
  const runner = options.runner ?? createRunner(options.codeFolder)
  const leash = once(() => leashFor(limits.videoChildAddressBytesMax))
  const zscale = once(() => hasZscale(options.ffmpeg))
  const toolsHere = async () => ({ zscale: await zscale().catch(() => false) })

  const run = async (
    source: string,
    command: Command,
    folder: string,
    deadlineMs: number,
    encode: EncodeOptions,
    onProgress: (key: string, value: string) => void,
  ) => {
    const settings = { ffmpeg: options.ffmpeg, leash: await leash(), folder, signal: encode.signal, onProgress }
    const lines = await runner.ffmpeg(command, { ...settings, deadlineMs: Math.max(limits.videoChunkMsMin, deadlineMs) })
    const failure = hiddenFailure('ffmpeg', source, lines)
    if (failure) throw failure
    return lines
  }

  /** Sound of which no frame comes from where it is opened has no form for ffmpeg unless it looked at the source first. */
  const runSound: typeof run = async (source, command, ...rest) =>
    await run(source, command, ...rest).catch(async (error: unknown) => {
      if (!(error instanceof MediaError) || error.code !== 'MEDIA_CORRUPT') throw error
      return await run(source, lookingFirst(command), ...rest)
    })

  /** Puts the plan's filter into the run's folder and tells what ffmpeg has to do with it. */
  const layLook = async (plan: VideoPlan, folder: string) => {
    const [top] = plan.rungs
    if (!changesColours(plan) || !top) return { corners: false }
    if (!options.lookOf) throw new MediaError('FILTER_UNKNOWN', `There is no filter ${JSON.stringify(plan.filter)}.`)
    const { centre, corners } = options.lookOf(coloursOf(plan), top.width, top.height)
    await writeFile(join(folder, lookFiles.centre), centre)
    if (!corners) return { corners: false }
    await writeFile(join(folder, lookFiles.corners), corners.cube)
    await writeFile(join(folder, lookFiles.mask), Buffer.concat([Buffer.from(`P5 ${top.width} ${top.height} 255\n`), corners.mask]))
    return { corners: true }
  }

  return {
    probe: async (source, type) => {
      const result = await probeVideo(placed(source), type, { runner, ffprobe: options.ffprobe, leash: await leash(), limits })
      admitVideo(result.probe, limits)
      return result
    },

    remux: async (source, type, probe, deliver, encode) =>
      await scratch.within(async (folder) => {
        const demuxer = demuxerFor(type)
        await run(placed(source), remuxCommand(placed(source), demuxer, probe), folder, limits.videoRemuxMsMax, encode, () => {})
        await deliver(join(folder, REMUX_FILE))
        return { type: demuxer === 'matroska' ? ('video/x-matroska' as const) : ('video/mp4' as const) }
      }),

    complexity: async (source, plan, encode) =>
      await scratch.within(async (folder) => {
        const samples = planSamples(plan)
        if (!samples) return null
        const tools = { ...(await toolsHere()), pixelsMax: limits.videoPixelsMax }
        const plain = { ...plan, filter: null }
        return await measureComplexity(placed(source), plain, samples, folder, tools, async (command) => {
          await run(placed(source), command, folder, 0, encode, () => {})
        })
      }),

    encodeChunk: async (source, plan, chunk, encode) =>
      await scratch.within(async (folder) => {
        const tools = { ...(await toolsHere()), ...(await layLook(plan, folder)) }
        const { first, count } = framesOf(plan, chunk)
        const isLast = chunk === plan.chunks.at(-1) || chunk.index === plan.chunks.length - 1
        const deadlineMs = chunk.durationSeconds * limits.videoChunkMsPerSecondMax
        const encoded = { ...plan, rungs: plan.rungs.filter(({ copied }) => !copied) }
        const settings = { ...tools, threads, pixelsMax: limits.videoPixelsMax }
        const progress = (key: string, value: string) => {
          if (key === 'frame') encode.onProgress?.(Math.min(1, Number(value) / count))
        }
        const [usual, ...further] = encoded.rungs.length > 0 ? ladderTries(placed(source), encoded, chunk, settings, limits) : []
        // What is copied needs no run of its own, and no second one.
        const commands = usual
          ? [withCopies(usual, plan, chunk), ...further]
          : plan.rungs.map((rung) => copyCommand(placed(source), plan, rung, chunk))
        for (const command of commands) {
          const lines = await run(placed(source), command, folder, deadlineMs, encode, progress)
          if (usual && !hasDamage(lines)) break
        }
        const missingMax = isLast ? Math.max(MISSING_FRAMES_MAX, MISSING_TAIL_SECONDS_MAX * plan.fps) : 0
        return await Promise.all(
          plan.rungs.map(async (rung) => {
            const track = readTrack(await readFile(join(folder, rungFile(rung))))
            if (track.samples === 0 || track.samples > count || track.samples < count - missingMax) {
              throw new MediaError('MEDIA_CORRUPT', undefined, { facts: { frames: track.samples, expected: count } })
            }
            // A chunk off its place would tear the joined track: never to be stored.
            assert.equal(track.startTicks, first * frameRateOf(plan.fps).ticks)
            return { rung: rung.index, init: track.init, segments: track.segments, codecs: track.codecs }
          }),
        )
      }),

    encodeAudio: async (source, plan, encode) =>
      await scratch.within(async (folder) => {
        const { untilSeconds = Infinity, gainDb = 0, peakDb } = encode
        const seconds = Math.min(plan.durationMs / 1000, untilSeconds)
        await runSound(
          placed(source),
          audioCommand(placed(source), plan, { untilSeconds, gainDb, ...(peakDb === undefined ? {} : { peakDb }) }),
          folder,
          seconds * limits.videoAudioMsPerSecondMax,
          encode,
          (key, value) => {
            if (key === 'out_time_us' && Number(value) > 0) encode.onProgress?.(Math.min(1, Number(value) / 1e6 / seconds))
          },
        )
        // As the picture's first one, so that neither is there long before the other.
        const firstSeconds = plan.chunks[0]?.durationSeconds
        const { init, segments, codecs, samples } = readTrack(await readFile(join(folder, AUDIO_FILE)), firstSeconds)
        if (samples === 0) throw new MediaError('MEDIA_CORRUPT', undefined, { facts: { track: 'audio', samples } })
        // The segment that was cut off is another one in the whole track.
        return { init, segments: seconds === untilSeconds && segments.length > 1 ? segments.slice(0, -1) : segments, codecs }
      }),

    measureLoudness: async (source, plan, encode) =>
      await scratch.within(async (folder) => {
        const windows = loudnessWindows(plan.chunks[0]?.startSeconds ?? 0, plan.durationMs / 1000)
        await runSound(placed(source), loudnessCommand(placed(source), plan, windows), folder, 0, encode, () => {})
        const text = await readFile(join(folder, LOUDNESS_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
          // Not one frame of sound.
          if (error.code === 'ENOENT') return ''
          throw error
        })
        return readLoudness(text)
      }),

    clip: async (source, plan, encode) =>
      await scratch.within(async (folder) => {
        const laid = join(folder, 'source')
        if (typeof source !== 'string') await source(laid)
        const from = typeof source === 'string' ? placed(source) : laid
        const tools = { ...(await toolsHere()), ...(await layLook(plan, folder)) }
        const seconds = plan.durationMs / 1000
        let frames = 0
        const command = clipCommand(from, plan, { ...tools, pixelsMax: limits.videoPixelsMax })
        await run(from, command, folder, limits.clipEncodeMsMax, encode, (key, value) => {
          if (key !== 'frame') return
          frames = Number(value)
          encode.onProgress?.(Math.min(1, frames / Math.max(1, seconds * plan.fps)))
        })
        if (frames === 0) throw new MediaError('MEDIA_CORRUPT', undefined, { facts: { track: 'clip', frames } })
        return await readFile(join(folder, CLIP_FILE))
      }),

    packets: async (source, probe) => {
      const args = packetArguments(placed(source), probe.matroska ? 'matroska' : 'mov', probe.videoStreamIndex)
      const settings = { ffprobe: options.ffprobe, leash: await leash(), deadlineMs: limits.videoRemuxMsMax }
      const { stdout, lines } = await runner.ffprobe(args, placed(source), settings)
      const failure = hiddenFailure('ffprobe', placed(source), lines)
      if (failure) throw failure
      return readPackets(stdout)
    },

    captions: async (source, plan, encode) =>
      await scratch.within(async (folder) => {
        const deadlineMs = (plan.durationMs / 1000) * limits.videoAudioMsPerSecondMax
        await run(placed(source), captionsCommand(placed(source), plan), folder, deadlineMs, encode, () => {})
        const files = (plan.captions ?? []).map((_, at) => join(folder, captionsFile(at)))
        return await Promise.all(
          files.map(async (file) => {
            const tooLarge = (await stat(file)).size > limits.captionBytesMax
            return tooLarge ? '' : await readFile(file, 'utf8')
          }),
        )
      }),

    poster: async (source, plan, encode) =>
      await scratch.within(async (folder) => {
        const tools = { ...(await toolsHere()), ...(await layLook(plan, folder)) }
        const sizes = { ...tools, corners: false, pixelsMax: limits.videoPixelsMax }
        const times = posterTimes(plan)
        const candidates = candidatesCommand(placed(source), plan, times, candidateSize, sizes)
        // What cannot be looked at is tried in the other ways, which say what is wrong with it.
        await run(placed(source), candidates, folder, 0, encode, () => {}).catch((error: unknown) => {
          if (encode.signal?.aborted || !(error instanceof MediaError) || error.code !== 'MEDIA_CORRUPT') throw error
        })
        const seen = await Promise.all(times.map(async (_, at) => await readFile(join(folder, candidateFile(at))).catch(() => null)))
        const chosen = times[bestPoster(seen) ?? -1]
        for (const posterTry of [...(chosen === undefined ? [] : [chosen]), ...posterTries]) {
          const command = posterCommand(placed(source), plan, posterTry, { ...tools, pixelsMax: limits.videoPixelsMax })
          await run(placed(source), command, folder, 0, encode, () => {})
          const file = await readFile(join(folder, POSTER_FILE)).catch((error: NodeJS.ErrnoException) => {
            // A window of dark frames only gives no file.
            if (error.code === 'ENOENT') return null
            throw error
          })
          if (file) {
            encode.onProgress?.(1)
            return file
          }
        }
        throw new MediaError('MEDIA_CORRUPT', undefined, { facts: { track: 'poster' } })
      }),

    storyboard: async (source, plan, board, encode) =>
      await scratch.within(async (folder) => {
        const little = atPictureSize(plan, board)
        const tools = { ...(await toolsHere()), ...(await layLook(little, folder)), pixelsMax: limits.videoPixelsMax }
        const deadlineMs = (plan.durationMs / 1000) * limits.videoAudioMsPerSecondMax
        await run(placed(source), storyboardCommand(placed(source), little, board, tools), folder, deadlineMs, encode, () => {})
        return await readFile(join(folder, STORYBOARD_FILE)).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return null
          throw error
        })
      }),
  }
}

/** Children run in folders of their own, so a relative path would miss. */
function placed(source: string): string {
  return isRemote(source) ? source : resolve(source)
}

/** What `make` gives, made once; made again where it failed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  const forget = (error: unknown) => {
    made = undefined
    throw error
  }
  return () => (made ??= make().catch(forget))
}
