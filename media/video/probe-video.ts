import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { Mastering, SourceType, VideoProbe } from '../../domain/plans.ts'
import type { ProbedVideo } from '../../domain/ports.ts'
import type { Demuxer } from './command.ts'
import { hiddenFailure } from './failure.ts'
import { describeArguments, type ProbeRunOptions, runFfprobe, tailArguments } from './ffprobe.ts'
import { firstFrameArguments, readMastering } from './mastering.ts'
import { endOfPackets, readProbe } from './read-probe.ts'

/** Seconds before the end at which the last packets are looked for, and by which a header may overstate. */
const TAIL_SECONDS = 2

const demuxers: Readonly<Partial<Record<SourceType, Demuxer>>> = {
  'video/mp4': 'mov',
  'video/quicktime': 'mov',
  'video/3gpp': 'mov',
  'video/webm': 'matroska',
  'video/x-matroska': 'matroska',
  'video/mp2t': 'mpegts',
}

/** The one demuxer that opens files of a type. MEDIA_TYPE_UNSUPPORTED. */
export function demuxerFor(type: SourceType): Demuxer {
  const demuxer = demuxers[type]
  if (!demuxer) throw new MediaError('MEDIA_TYPE_UNSUPPORTED')
  return demuxer
}

/** Of an HDR picture what its first frame says of the screen. One that cannot be decoded says nothing; encoding will tell. */
async function masteringOf(probe: VideoProbe, source: string, demuxer: Demuxer, run: ProbeRunOptions): Promise<Mastering | null> {
  if (probe.colour !== 'pq') return null
  try {
    return readMastering((await runFfprobe(firstFrameArguments(source, demuxer, probe.videoStreamIndex), source, run)).stdout)
  } catch (error) {
    if (error instanceof MediaError && error.code === 'MEDIA_CORRUPT') return null
    throw error
  }
}

/**
 * What container and streams say, checked at the file's end: a file cut off after its header still claims its
 * full length, but has no packets there. Transport streams, and what was recorded live as WebM, have neither a
 * length nor an index: they are only described. MEDIA_TYPE_UNSUPPORTED, MEDIA_CORRUPT, MEDIA_NO_VIDEO, MEDIA_TOO_COSTLY.
 */
export async function probeVideo(
  source: string,
  type: SourceType,
  options: { readonly ffprobe: string; readonly leash: readonly string[]; readonly limits: Limits },
): Promise<ProbedVideo> {
  const demuxer = demuxerFor(type)
  const run = { ffprobe: options.ffprobe, leash: options.leash, deadlineMs: options.limits.videoProbeMsMax }
  const described = await runFfprobe(describeArguments(source, demuxer), source, run)
  const { probe: read, facts } = readProbe(described.stdout, options.limits, { lengthMayLack: demuxer !== 'mov' })
  const mastering = await masteringOf(read, source, demuxer, run)
  const probe = { ...read, ...(demuxer === 'matroska' ? { matroska: true as const } : {}), ...(mastering ? { mastering } : {}) }
  if (demuxer === 'mpegts' || probe.durationMs === 0) return { probe: { ...probe, durationMs: 0 }, facts, seekable: false }
  const claimedEnd = probe.startSeconds + probe.durationMs / 1000
  const from = Math.max(probe.startSeconds, claimedEnd - TAIL_SECONDS)
  const listed = await runFfprobe(tailArguments(source, demuxer, probe.videoStreamIndex, from), source, run)
  const end = endOfPackets(listed.stdout)
  const failure = hiddenFailure('ffprobe', source, listed.lines)
  if (failure) throw failure
  if (end === null) {
    throw new MediaError('MEDIA_CORRUPT', undefined, { facts: { claimedEndSeconds: claimedEnd } })
  }
  // The packets know better than a header that overstates; one that understates is an edit list's doing.
  const durationMs = Math.max(1, Math.round((Math.min(end, claimedEnd) - probe.startSeconds) * 1000))
  return { probe: { ...probe, durationMs }, facts, seekable: true }
}
