import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { PrivateFacts } from '../../domain/media.ts'
import type { SourceType, VideoProbe } from '../../domain/plans.ts'
import { hiddenFailure } from './failure.ts'
import { describeArguments, runFfprobe, tailArguments } from './ffprobe.ts'
import { endOfPackets, readProbe } from './read-probe.ts'

/** Seconds before the end at which the last packets are looked for, and by which a header may overstate. */
const TAIL_SECONDS = 2

/**
 * What container and streams say, checked at the file's end: a file cut off after its header still claims its
 * full length, but has no packets there. MEDIA_TYPE_UNSUPPORTED, MEDIA_CORRUPT, MEDIA_NO_VIDEO, MEDIA_TOO_COSTLY.
 */
export async function probeVideo(
  source: string,
  type: SourceType,
  options: { readonly ffprobe: string; readonly leash: readonly string[]; readonly limits: Limits },
): Promise<{ readonly probe: VideoProbe; readonly facts: PrivateFacts }> {
  if (type !== 'video/mp4' && type !== 'video/quicktime') throw new MediaError('MEDIA_TYPE_UNSUPPORTED')
  const run = { ffprobe: options.ffprobe, leash: options.leash, deadlineMs: options.limits.videoProbeMsMax }
  const described = await runFfprobe(describeArguments(source), source, run)
  const { probe, facts } = readProbe(described.stdout, options.limits)
  const claimedEnd = probe.startSeconds + probe.durationMs / 1000
  const listed = await runFfprobe(
    tailArguments(source, probe.videoStreamIndex, Math.max(probe.startSeconds, claimedEnd - TAIL_SECONDS)),
    source,
    run,
  )
  const end = endOfPackets(listed.stdout)
  const failure = hiddenFailure('ffprobe', source, listed.lines)
  if (failure) throw failure
  if (end === null) {
    throw new MediaError('MEDIA_CORRUPT', undefined, { facts: { claimedEndSeconds: claimedEnd } })
  }
  // The packets know better than a header that overstates; one that understates is an edit list's doing.
  const durationMs = Math.max(1, Math.round((Math.min(end, claimedEnd) - probe.startSeconds) * 1000))
  return { probe: { ...probe, durationMs }, facts }
}
