import type { VideoPlan } from '../../domain/plans.ts'

/** One run of ffmpeg as data: what the pure builders give and the spawner takes. Paths of outputs are relative to the run's own folder. */
export interface Command {
  readonly inputOptions: readonly string[]
  readonly source: string
  /** Other places of the source, where one run looks at several. */
  readonly moreInputs?: readonly { readonly options: readonly string[]; readonly source: string }[]
  readonly outputs: readonly { readonly options: readonly string[]; readonly target: string }[]
}

/** Demuxers, one of which is forced: whatever the bytes say, no playlist, concat or image-sequence demuxer ever opens them. */
export type Demuxer = 'mov' | 'matroska' | 'mpegts' | 'gif' | 'apng' | 'frames'

/** The demuxer of what a plan's steps open: an upload that needs another is remuxed first. */
export function demuxerOf(plan: Pick<VideoPlan, 'matroska' | 'frames'>): Demuxer {
  if (plan.frames) return plan.frames === 'raw' ? 'frames' : plan.frames
  return plan.matroska ? 'matroska' : 'mov'
}

/** Decoders that an upload may reach; what is not listed is not run on a stranger's bytes. Names are of libavcodec's decoders. */
export const videoDecoders = [
  ...(['h264', 'hevc', 'libdav1d', 'av1', 'vp8', 'libvpx', 'vp9', 'libvpx-vp9', 'mpeg4', 'mpeg2video'] as const),
  ...(['mjpeg', 'prores', 'dnxhd', 'h263'] as const),
] as const
export const audioDecoders = [
  ...(['aac', 'alac', 'mp3float', 'mp3', 'mp2float', 'mp2', 'ac3', 'eac3', 'opus', 'libopus', 'vorbis', 'flac'] as const),
  ...(['amrnb', 'amrwb'] as const),
  ...(['pcm_u8', 'pcm_s8', 'pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_s32be'] as const),
  ...(['pcm_f32le', 'pcm_f32be', 'pcm_mulaw', 'pcm_alaw', 'adpcm_ima_qt'] as const),
] as const
/** Tracks and cover pictures that are passed over, but that ffprobe opens before it can say so. */
const bystanderDecoders = [
  ...(['mov_text', 'cc_dec', 'dvdsub', 'png', 'bmp'] as const),
  ...(['ass', 'ssa', 'srt', 'subrip', 'webvtt', 'text', 'pgssub', 'dvbsub'] as const),
] as const

/** Of animations: what opens each and nothing else. Unrolled frames are a MOV of our own; delays too short to be meant are seen to as browsers do. */
const animations: Partial<Readonly<Record<Demuxer, readonly string[]>>> = {
  gif: ['-f', 'gif', '-min_delay', '2', '-default_delay', '10', '-codec_whitelist', 'gif'],
  apng: ['-f', 'apng', '-max_fps', '90', '-default_fps', '10', '-codec_whitelist', 'apng'],
  frames: ['-f', 'mov', '-codec_whitelist', 'rawvideo'],
}

/** Flags with their values: a list that keeps what belongs together on one line. */
export function flags(...parts: readonly string[]): readonly string[] {
  return parts
}

/** A file path becomes a `file:` URL, so that no character of it can name another protocol. */
export function sourceUrl(source: string): string {
  return isRemote(source) ? source : `file:${source}`
}

/** Whether a source is read over HTTP. */
export function isRemote(source: string): boolean {
  return /^https?:\/\//i.test(source)
}

/**
 * The options that every opening of an upload has, by ffmpeg and ffprobe alike: the one demuxer, the
 * protocols its kind of source needs and no other, the decoders listed above.
 */
export function openOptions(source: string, demuxer: Demuxer): string[] {
  return [
    ...flags('-protocol_whitelist', isRemote(source) ? 'http,https,tcp,tls' : 'file'),
    ...(isRemote(source)
      ? ['-rw_timeout', '20000000', '-reconnect', '1', '-reconnect_on_network_error', '1', '-reconnect_delay_max', '4']
      : []),
    ...(animations[demuxer] ?? [
      ...flags('-f', demuxer),
      ...flags('-codec_whitelist', [...videoDecoders, ...audioDecoders, ...bystanderDecoders].join(',')),
    ]),
  ]
}

/**
 * As {@link openOptions}, where a source is opened that was probed: ffmpeg does not decode its beginning only to
 * describe it to itself, which is a keyframe for each run, and over HTTP one more range. What an animation is tells only that.
 */
export function knownOptions(source: string, plan: Pick<VideoPlan, 'matroska' | 'frames'>): string[] {
  return [...openOptions(source, demuxerOf(plan)), ...(plan.frames ? [] : ['-nofind_stream_info'])]
}

/**
 * The same command with ffmpeg looking at its sources first: what is copied then says all that its stream says of itself, and sound
 * that ends before the time it is opened at still has a form.
 */
export function lookingFirst(command: Command): Command {
  const without = (options: readonly string[]) => options.filter((option) => option !== '-nofind_stream_info')
  const moreInputs = command.moreInputs?.map(({ options, source }) => ({ options: without(options), source }))
  return { ...command, inputOptions: without(command.inputOptions), ...(moreInputs ? { moreInputs } : {}) }
}

/** Opens a source at the keyframe on or before a time of its own clock, seconds; nothing between the two is dropped. */
export function seekOptions(seconds: number): readonly string[] {
  return ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', secondsText(seconds)]
}

/** What every run of ffmpeg begins with: machine-readable progress on stderr, no keyboard, no other chatter. */
export function runOptions(): string[] {
  return ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-progress', 'pipe:2', '-stats_period', '0.25', '-y']
}

/** Nothing of the source's metadata in an output: no tags, no chapters, and no name of the program that wrote it. */
export const stripOptions: readonly string[] = ['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact']

/** Seconds for a command line: microseconds are what ffmpeg keeps. */
export function secondsText(seconds: number): string {
  return Number(seconds.toFixed(6)).toString()
}
