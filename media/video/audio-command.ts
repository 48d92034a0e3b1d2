import type { VideoPlan } from '../../domain/plans.ts'
import { flags, knownOptions, runOptions, secondsText, seekOptions, sourceUrl, stripOptions, type Command } from './command.ts'

/** As near to a group of pictures as whole AAC frames allow: segments are made of them. */
const FRAGMENT_SECONDS = 2
export const AUDIO_FILE = 'audio.mp4'

/**
 * Any sound as stereo. Of more channels the centre and each surround go to both sides or their own 3 dB lower, and
 * the bass channel to neither (ITU-R BS.775); samples are floats, so that no sum is clipped before it is made quieter.
 */
export const soundFilters: readonly string[] = ['aformat=sample_fmts=fltp:channel_layouts=stereo', 'aresample=48000']

export interface AudioOptions {
  /** No further than that, for a beginning of the same track. */
  readonly untilSeconds?: number
  /** By how much it is made louder. */
  readonly gainDb?: number
  /** The peak that nothing exceeds, of samples; what was not measured may hold a higher one. */
  readonly peakDb?: number
}

/**
 * The command that encodes the whole sound once: AAC-LC, stereo, 48 kHz. Zero is the first video frame, as
 * in the ladder; what sounds earlier is cut, gaps become silence, and the end is padded or cut to the
 * picture's, so that both tracks are one length. The frame of priming samples that the encoder puts before zero is
 * dropped: an edit list hides it only from players that read edit lists. What it costs is the overlap of the first
 * 21 ms.
 */
export function audioCommand(source: string, plan: VideoPlan, audio: AudioOptions = {}): Command {
  if (!plan.audio) throw new Error('a plan without audio')
  return {
    inputOptions: [...runOptions(), ...knownOptions(source, plan), '-threads', '1', '-copyts', ...seekTo(plan)],
    source: sourceUrl(source),
    outputs: [
      {
        options: [
          ...flags('-map', `0:${plan.audio.streamIndex}`),
          ...stripOptions,
          ...flags('-af', audioFilters(plan, audio).join(',')),
          ...flags('-c:a', 'aac', '-profile:a', 'aac_low', '-b:a', `${plan.audio.kbps}k`, '-ac', '2', '-flags:a', '+bitexact'),
          ...flags('-bsf:a', 'noise=drop=lt(pts\\,0)'),
          ...flags(
            '-f',
            'mp4',
            '-movflags',
            '+delay_moov+default_base_moof+skip_trailer',
            '-frag_duration',
            `${FRAGMENT_SECONDS * 1_000_000}`,
          ),
        ],
        target: AUDIO_FILE,
      },
    ],
  }
}

/** What brings the sound to the ladder's form and to the picture's time. */
export function audioFilters(plan: VideoPlan, { untilSeconds = Infinity, gainDb = 0, peakDb }: AudioOptions = {}): string[] {
  const origin = plan.chunks[0]?.startSeconds ?? 0
  return [
    `asetpts=round(PTS-(${secondsText(origin)})/TB)`,
    'aresample=48000:async=1:first_pts=0',
    'aformat=sample_fmts=fltp:channel_layouts=stereo',
    ...(gainDb === 0 ? [] : [`volume=${gainDb}dB:precision=float`]),
    // It looks ahead and gives the delay back: what is below the limit comes out as it was, when it was.
    ...(peakDb === undefined
      ? []
      : [`alimiter=limit=${(10 ** (peakDb / 20)).toFixed(4)}:level=false:latency=true`, 'aformat=sample_fmts=fltp']),
    'apad',
    `atrim=start=0:end=${secondsText(Math.min(plan.durationMs / 1000, untilSeconds))}`,
  ]
}

/** Seconds before a film's beginning at which its sound begins to be decoded: what a decoder needs to be clean. */
const PREROLL_SECONDS = 1

/** Into a source of which the beginning is not shown, all of it need not be decoded. */
function seekTo({ inside, chunks }: VideoPlan): string[] {
  const [first] = chunks
  return inside && first ? [...seekOptions(first.startSeconds - PREROLL_SECONDS)] : []
}
