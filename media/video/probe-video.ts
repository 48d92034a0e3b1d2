import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { Mastering, SourceType, VideoProbe } from '../../domain/plans.ts'
import type { ProbedVideo } from '../../domain/ports.ts'
import type { Demuxer } from './command.ts'
import { hiddenFailure } from './failure.ts'
import { describeArguments, describeToEndArguments, LAST_PACKETS_MAX, tailArguments } from './ffprobe.ts'
import { firstFrameArguments, readMastering } from './mastering.ts'
import type { Written } from './runner-messages.ts'
import type { Runner } from './runner.ts'
import { endInDescription, endOfPackets, readProbe } from './read-probe.ts'

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

/** One run of ffprobe on the source. */
type Ask = (args: readonly string[]) => Promise<Written>

/** Of an HDR picture what its first frame says of the screen. One that cannot be decoded says nothing; encoding will tell. */
async function masteringOf(probe: VideoProbe, source: string, demuxer: Demuxer, ask: Ask): Promise<Mastering | null> {
  if (probe.colour !== 'pq') return null
  try {
    return readMastering((await ask(firstFrameArguments(source, demuxer, probe.videoStreamIndex))).stdout)
  } catch (error) {
    if (error instanceof MediaError && error.code === 'MEDIA_CORRUPT') return null
    throw error
  }
}

/**
 * The description, with the last packets where one run gives both and tells of no failure: only of MP4, whose index tells where they
 * are, and of a file that is whole. Of any other the plain description says what is wrong.
 */
async function describe(source: string, demuxer: Demuxer, ask: Ask): Promise<string> {
  if (demuxer === 'mov') {
    const { stdout, lines } = await ask(describeToEndArguments(source, demuxer)).catch((error: unknown) => {
      if (error instanceof MediaError && error.code === 'MEDIA_CORRUPT') return { stdout: '', lines: [] }
      throw error
    })
    if (stdout !== '' && !hiddenFailure('ffprobe', source, lines)) return stdout
  }
  return (await ask(describeArguments(source, demuxer))).stdout
}

/** When the stream's last packet from `fromSeconds` on ends, seconds; null when there is none. */
async function endFrom(source: string, demuxer: Demuxer, streamIndex: number, fromSeconds: number, ask: Ask) {
  const listed = await ask(tailArguments(source, demuxer, streamIndex, fromSeconds))
  const end = endOfPackets(listed.stdout)
  const failure = hiddenFailure('ffprobe', source, listed.lines)
  if (failure) throw failure
  return end
}

/**
 * What container and streams say, checked at the file's end: a file cut off after its header still claims its
 * full length, but has no packets there. Transport streams, and what was recorded live as WebM, have neither a
 * length nor an index: they are only described. MEDIA_TYPE_UNSUPPORTED, MEDIA_CORRUPT, MEDIA_NO_VIDEO, MEDIA_TOO_COSTLY.
 */
export async function probeVideo(
  source: string,
  type: SourceType,
  options: { readonly runner: Runner; readonly ffprobe: string; readonly leash: readonly string[]; readonly limits: Limits },
): Promise<ProbedVideo> {
  const demuxer = demuxerFor(type)
  const { runner, limits, ffprobe, leash } = options
  const ask: Ask = async (args) => await runner.ffprobe(args, source, { ffprobe, leash, deadlineMs: limits.videoProbeMsMax })
  const described = await describe(source, demuxer, ask)
  const { probe: read, facts } = readProbe(described, limits, { lengthMayLack: demuxer !== 'mov' })
  const mastering = await masteringOf(read, source, demuxer, ask)
  const probe = { ...read, ...(demuxer === 'matroska' ? { matroska: true as const } : {}), ...(mastering ? { mastering } : {}) }
  if (demuxer === 'mpegts' || probe.durationMs === 0) return { probe: { ...probe, durationMs: 0 }, facts, seekable: false }
  const claimedEnd = probe.startSeconds + probe.durationMs / 1000
  const from = Math.max(probe.startSeconds, claimedEnd - TAIL_SECONDS)
  const last = endInDescription(described, probe.videoStreamIndex, LAST_PACKETS_MAX)
  const end = last !== null && last >= from ? last : await endFrom(source, demuxer, probe.videoStreamIndex, from, ask)
  if (end === null) {
    throw new MediaError('MEDIA_CORRUPT', undefined, { facts: { claimedEndSeconds: claimedEnd } })
  }
  // The packets know better than a header that overstates; one that understates is an edit list's doing.
  const durationMs = Math.max(1, Math.round((Math.min(end, claimedEnd) - probe.startSeconds) * 1000))
  return { probe: { ...probe, durationMs }, facts, seekable: true }
}
