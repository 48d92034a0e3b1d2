import type { VideoPlan } from '../../domain/plans.ts'
import { demuxerOf, flags, openOptions, runOptions, secondsText, sourceUrl, stripOptions, type Command } from './command.ts'

/** Length of an audio segment: as near to a video chunk's as whole AAC frames allow. */
const FRAGMENT_SECONDS = 6
export const AUDIO_FILE = 'audio.mp4'

/**
 * The command that encodes the whole sound once: AAC-LC, stereo, 48 kHz. Zero is the first video frame, as
 * in the ladder; what sounds earlier is cut, gaps become silence, and the end is padded or cut to the
 * picture's, so that both tracks are one length. The frame of priming samples that the encoder puts before zero is
 * dropped: an edit list hides it only from players that read edit lists. What it costs is the overlap of the first
 * 21 ms. `untilSeconds`: no further than that, for a beginning of the same track.
 */
export function audioCommand(source: string, plan: VideoPlan, untilSeconds = Infinity): Command {
  if (!plan.audio) throw new Error('a plan without audio')
  const origin = plan.chunks[0]?.startSeconds ?? 0
  const filters = [
    `asetpts=round(PTS-(${secondsText(origin)})/TB)`,
    'aresample=48000:async=1:first_pts=0',
    'aformat=sample_fmts=fltp:channel_layouts=stereo',
    'apad',
    `atrim=start=0:end=${secondsText(Math.min(plan.durationMs / 1000, untilSeconds))}`,
  ]
  return {
    inputOptions: [...runOptions(), ...openOptions(source, demuxerOf(plan)), '-threads', '1', '-copyts'],
    source: sourceUrl(source),
    outputs: [
      {
        options: [
          ...flags('-map', `0:${plan.audio.streamIndex}`),
          ...stripOptions,
          ...flags('-af', filters.join(',')),
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
