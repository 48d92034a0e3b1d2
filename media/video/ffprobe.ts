import { execFile } from 'node:child_process'
import type { Packet } from '../../domain/copy-gate.ts'
import { type Demuxer, flags, openOptions, secondsText, sourceUrl } from './command.ts'
import { failureOf } from './failure.ts'

export interface ProbeRunOptions {
  readonly ffprobe: string
  readonly leash: readonly string[]
  readonly deadlineMs: number
}

/** An hour of one-GOP video at 60 frames a second lists 216,000 packets of about 40 characters. */
const OUTPUT_BYTES_MAX = 32 * 1024 ** 2

/** Arguments that have ffprobe describe container and streams as JSON. */
export function describeArguments(source: string, demuxer: Demuxer): string[] {
  return ['-v', 'error', ...openOptions(source, demuxer), '-show_format', '-show_streams', '-of', 'json', sourceUrl(source)]
}

/** Beyond the end of any film, seconds: who seeks there is given what follows the last keyframe. */
const BEYOND_SECONDS = 1_000_000_000
/** Packets after the last keyframe that are listed with a description; who wants to know of more asks by itself. */
export const LAST_PACKETS_MAX = 4_000

/** As {@link describeArguments}, with the times of what follows the last keyframe, of all streams: one start of ffprobe for two. */
export function describeToEndArguments(source: string, demuxer: Demuxer): string[] {
  return [
    ...flags('-v', 'error', ...openOptions(source, demuxer), '-show_format', '-show_streams'),
    ...flags('-read_intervals', `${BEYOND_SECONDS}%+#${LAST_PACKETS_MAX}`),
    ...flags('-show_entries', 'packet=stream_index,pts_time,duration_time', '-of', 'json', sourceUrl(source)),
  ]
}

/** Arguments that list the times of one stream's packets from the keyframe before `fromSeconds` to the end. */
export function tailArguments(source: string, demuxer: Demuxer, streamIndex: number, fromSeconds: number): string[] {
  return [
    ...flags('-v', 'error', ...openOptions(source, demuxer)),
    ...flags('-select_streams', `${streamIndex}`, '-read_intervals', `${secondsText(fromSeconds)}%`),
    ...flags('-show_entries', 'packet=pts_time,duration_time', '-of', 'csv=print_section=0', sourceUrl(source)),
  ]
}

/** Arguments that list every packet of one stream: time, bytes, flags. */
export function packetArguments(source: string, demuxer: Demuxer, streamIndex: number): string[] {
  return [
    ...flags('-v', 'error', ...openOptions(source, demuxer), '-select_streams', `${streamIndex}`),
    ...flags('-show_entries', 'packet=pts_time,size,flags', '-of', 'csv=print_section=0', sourceUrl(source)),
  ]
}

/** The packets of such a listing; null where one has no time, or is not shown (an edit list leaves it out). */
export function readPackets(csv: string): Packet[] | null {
  const packets: Packet[] = []
  for (const line of csv.split('\n')) {
    if (line === '') continue
    const [time = '', size, packetFlags = ''] = line.split(',')
    if (!/^-?[\d.]+$/.test(time) || packetFlags.includes('D')) return null
    packets.push({ ptsSeconds: Number(time), bytes: Number(size), isKey: packetFlags.startsWith('K') })
  }
  return packets
}

/** Runs ffprobe and gives what it wrote. Throws what {@link failureOf} makes of any ending but success. */
export async function runFfprobe(
  args: readonly string[],
  source: string,
  options: ProbeRunOptions,
): Promise<{ stdout: string; lines: string[] }> {
  const [program = options.ffprobe, ...rest] = [...options.leash, options.ffprobe, ...args]
  return await new Promise((resolve, reject) => {
    const limits = { timeout: options.deadlineMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX } as const
    execFile(program, rest, limits, (error, stdout, stderr) => {
      const lines = stderr.split('\n').filter((line) => line.trim() !== '')
      if (!error) return resolve({ stdout, lines })
      const status = typeof error.code === 'number' ? error.code : null
      const overflow = (error as NodeJS.ErrnoException).code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT' || status === 127 || status === 126
      // Killed by us: the only two reasons are time and output.
      const overdue = overflow || error.killed === true
      reject(failureOf('ffprobe', source, { status, signal: error.signal ?? null, lines, missing, overdue }))
    })
  })
}
