/**
 * One MP4 file (ISO/IEC 14496-12) out of fragments that were encoded before, for players that know neither HLS nor
 * DASH. Nothing is encoded anew and nothing lies on a disk: media data go through in the order in which they are
 * played, and what has to stand before them is known, and small, at the end.
 */
import { findBox, timescaleOf, type Box } from './boxes.ts'
import { type Sample, sampledFragments } from './samples.ts'

/** A track as it is stored: ftyp and moov, then segments of whole fragments. */
export interface TrackSource {
  readonly init: Uint8Array
  readonly segments: AsyncIterable<Uint8Array>
}

/** What is kept of a track while its data go through: one number a sample and field. */
interface Table {
  readonly init: Uint8Array
  readonly timescale: number
  readonly samples: Sample[]
  /** Positions of samples that need no other; null where none does. */
  readonly sync: number[] | null
  /** Runs of samples that lie together in the file. */
  readonly chunks: { readonly offset: number; readonly samples: number }[]
  ticks: number
}

/**
 * Yields the media data, and returns what comes before them in the file. The sound is laid between the pictures'
 * fragments, each piece behind the picture that it is played with.
 */
export async function* progressive(video: TrackSource, audio: TrackSource | null): AsyncGenerator<Uint8Array, Uint8Array, undefined> {
  const picture = tableOf(video.init, true)
  const sound = audio && tableOf(audio.init, false)
  let offset = 0
  const lay = (table: Table, samples: readonly Sample[], data: Uint8Array): Uint8Array => {
    table.sync?.push(table.samples.length + 1)
    for (const sample of samples) table.samples.push(sample)
    table.chunks.push({ offset, samples: samples.length })
    table.ticks += samples.reduce((sum, { durationTicks }) => sum + durationTicks, 0)
    offset += data.byteLength
    return data
  }
  const soundUntil = audio && sound ? laterSound(audio, sound, lay) : null
  for await (const segment of video.segments) {
    for (const { samples, data } of sampledFragments(segment)) {
      yield lay(picture, samples, data)
      if (soundUntil) yield* soundUntil(picture.ticks / picture.timescale)
    }
  }
  if (soundUntil) yield* soundUntil(Infinity)
  return headOf([picture, ...(sound ? [sound] : [])], offset)
}

/** Gives, with each call, the sound up to a time. */
function laterSound({ segments }: TrackSource, table: Table, lay: (table: Table, samples: Sample[], data: Uint8Array) => Uint8Array) {
  const source = segments[Symbol.asyncIterator]()
  let waiting: { readonly samples: readonly Sample[]; readonly data: Uint8Array } | null = null
  let queue = [] as { readonly samples: readonly Sample[]; readonly data: Uint8Array }[]
  return async function* until(seconds: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      while (!waiting) {
        waiting = queue.shift() ?? null
        if (waiting) break
        const next = await source.next()
        if (next.done) return
        queue = sampledFragments(next.value)
      }
      const taken: Sample[] = []
      let [ticks, bytes] = [table.ticks, 0]
      for (const sample of waiting.samples) {
        if (ticks / table.timescale >= seconds) break
        taken.push(sample)
        ticks += sample.durationTicks
        bytes += sample.bytes
      }
      if (taken.length === 0) return
      yield lay(table, taken, waiting.data.subarray(0, bytes))
      const rest = waiting.samples.slice(taken.length)
      waiting = rest.length > 0 ? { samples: rest, data: waiting.data.subarray(bytes) } : null
    }
  }
}

function tableOf(init: Uint8Array, isPicture: boolean): Table {
  return { init, timescale: timescaleOf(init), samples: [], sync: isPicture ? [] : null, chunks: [], ticks: 0 }
}

/** ftyp, moov and the header of mdat. */
function headOf(tables: readonly Table[], dataBytes: number): Uint8Array {
  const ftyp = box('ftyp', text('isom'), u32(0x200), text('isomiso2avc1mp41'))
  const mdat = dataBytes + 8 > 0xffff_ffff ? [u32(1), text('mdat'), u64(dataBytes + 16)] : [u32(dataBytes + 8), text('mdat')]
  const around = ftyp.byteLength + bytesOf(mdat)
  // Offsets are as long as they have to be, and how long they are moves what they point to.
  const wide = dataBytes > 0xf000_0000
  const draft = moovOf(tables, 0, wide)
  return join([ftyp, moovOf(tables, around + draft.byteLength, wide), ...mdat])
}

function moovOf(tables: readonly Table[], origin: number, wide: boolean): Uint8Array {
  // The picture's clock is the film's, and its length too: the sound was cut or padded to it.
  const [{ timescale, ticks: duration }] = tables as [Table]
  const mvhd = full(
    'mvhd',
    1,
    0,
    zeros(16),
    u32(timescale),
    u64(duration),
    u32(0x1_0000),
    u16(0x100),
    zeros(10),
    matrix,
    zeros(24),
    u32(tables.length + 1),
  )
  return box('moov', mvhd, ...tables.map((table, at) => trakOf(table, { id: at + 1, duration, origin, wide })))
}

interface Placed {
  readonly id: number
  /** In ticks of the movie's clock. */
  readonly duration: number
  readonly origin: number
  readonly wide: boolean
}

function trakOf(table: Table, { id, duration, origin, wide }: Placed): Uint8Array {
  const { init, samples, chunks, sync } = table
  const part = (...path: string[]) => copyOf(init, need(findBox(init, ['moov', 'trak', ...path])))
  const tkhd = need(findBox(init, ['moov', 'trak', 'tkhd']))
  // Its last 60 bytes are layer, group, volume, matrix and size, in both versions (8.3.2).
  const header = full('tkhd', 1, 3, zeros(16), u32(id), u32(0), u64(duration), init.slice(tkhd.end - 60, tkhd.end))
  // Composition offsets of version 0 are not negative: all are moved, and the edit list moves them back.
  const shift = Math.max(0, -samples.reduce((least, { offsetTicks }) => Math.min(least, offsetTicks), 0))
  const edit = full('elst', 1, 0, u32(1), u64(duration), u64(shift + mediaTimeOf(init)), u16(1), u16(0))
  const offsets = chunks.map(({ offset }) => origin + offset)
  const stbl = box(
    'stbl',
    part('mdia', 'minf', 'stbl', 'stsd'),
    runs(
      'stts',
      samples.map(({ durationTicks }) => durationTicks),
    ),
    ...(samples.some(({ offsetTicks }) => offsetTicks + shift !== 0)
      ? [
          runs(
            'ctts',
            samples.map(({ offsetTicks }) => offsetTicks + shift),
          ),
        ]
      : []),
    ...(sync ? [full('stss', 0, 0, u32(sync.length), list32(sync))] : []),
    chunkRuns(chunks.map((chunk) => chunk.samples)),
    full('stsz', 0, 0, u32(0, samples.length), list32(samples.map(({ bytes }) => bytes))),
    wide ? full('co64', 0, 0, u32(offsets.length), list64(offsets)) : full('stco', 0, 0, u32(offsets.length), list32(offsets)),
  )
  const mdhd = need(findBox(init, ['moov', 'trak', 'mdia', 'mdhd']))
  const language = init.slice(mdhd.end - 4, mdhd.end)
  const media = full('mdhd', 1, 0, zeros(16), u32(table.timescale), u64(table.ticks), language)
  const kind = findBox(init, ['moov', 'trak', 'mdia', 'minf', 'vmhd']) ? 'vmhd' : 'smhd'
  const minf = box('minf', part('mdia', 'minf', kind), part('mdia', 'minf', 'dinf'), stbl)
  return box('trak', header, box('edts', edit), box('mdia', media, part('mdia', 'hdlr'), minf))
}

/** Where the track's own edit list begins in its media: the samples before are an encoder's priming. */
function mediaTimeOf(init: Uint8Array): number {
  const elst = findBox(init, ['moov', 'trak', 'edts', 'elst'])
  if (!elst) return 0
  const view = new DataView(init.buffer, init.byteOffset, init.byteLength)
  return init[elst.body] === 1 ? Number(view.getBigInt64(elst.body + 16)) : view.getInt32(elst.body + 12)
}

/** Equal neighbours are told once, with their number. */
function runs(type: 'stts' | 'ctts', values: readonly number[]): Uint8Array {
  const rows: number[] = []
  for (const [at, value] of values.entries()) {
    if (at > 0 && value === values[at - 1]) rows[rows.length - 2] = (rows[rows.length - 2] ?? 0) + 1
    else rows.push(1, value)
  }
  return full(type, 0, 0, u32(rows.length / 2), list32(rows))
}

/** 8.7.4: from which chunk on there are how many samples to a chunk. */
function chunkRuns(counts: readonly number[]): Uint8Array {
  const rows = counts.flatMap((count, at) => (at > 0 && count === counts[at - 1] ? [] : [at + 1, count, 1]))
  return full('stsc', 0, 0, u32(rows.length / 3), list32(rows))
}

const matrix = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000)

function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return join([u32(bytesOf(parts) + 8), text(type), ...parts])
}

function full(type: string, version: number, flags: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return box(type, u32(version * 0x100_0000 + flags), ...parts)
}

function copyOf(bytes: Uint8Array, { start, end }: Box): Uint8Array {
  return bytes.slice(start, end)
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0)
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(bytesOf(parts))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 0xff)
}

function u32(...values: readonly number[]): Uint8Array {
  return list32(values)
}

function u64(value: number): Uint8Array {
  return list64([value])
}

function list32(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  for (const [at, value] of values.entries()) view.setUint32(at * 4, value)
  return new Uint8Array(view.buffer)
}

function list64(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8))
  for (const [at, value] of values.entries()) view.setBigUint64(at * 8, BigInt(value))
  return new Uint8Array(view.buffer)
}

function zeros(count: number): Uint8Array {
  return new Uint8Array(count)
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function need<T>(value: T | null): T {
  if (value === null) throw new Error('an init segment without what it must have')
  return value
}
