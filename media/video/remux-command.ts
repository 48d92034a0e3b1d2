import type { VideoProbe } from '../../domain/plans.ts'
import { type Command, type Demuxer, flags, openOptions, runOptions, sourceUrl } from './command.ts'

export const REMUX_FILE = 'remuxed'

/**
 * The command that copies the chosen tracks into a container with an index: MP4 for a transport stream, whose
 * clock's wraps and jumps ffmpeg mends on the way; Matroska again for what Matroska holds and MP4 may not.
 */
export function remuxCommand(
  source: string,
  demuxer: Demuxer,
  probe: Pick<VideoProbe, 'videoStreamIndex' | 'audio' | 'otherSounds'>,
): Command {
  return {
    inputOptions: [...runOptions(), ...openOptions(source, demuxer)],
    source: sourceUrl(source),
    outputs: [
      {
        options: [
          ...flags('-map', `0:${probe.videoStreamIndex}`),
          ...[...(probe.audio ? [probe.audio] : []), ...(probe.otherSounds ?? [])].flatMap(({ streamIndex }) => [
            '-map',
            `0:${streamIndex}`,
          ]),
          // What the tracks say of themselves is kept (transparency is such a tag): no viewer is given this file.
          ...flags('-c', 'copy', '-map_chapters', '-1', '-f', demuxer === 'matroska' ? 'matroska' : 'mp4'),
        ],
        target: REMUX_FILE,
      },
    ],
  }
}
