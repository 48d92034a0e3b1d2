/** A small reader of ISO base media files (ISO/IEC 14496-12): as much as our own encoder's output needs. Pure. */

export interface Box {
  readonly type: string
  readonly start: number
  /** Where the payload begins, after size and type. */
  readonly body: number
  readonly end: number
}

/** One movie fragment: a moof and the mdat behind it. */
export interface Fragment {
  readonly start: number
  readonly end: number
  /** Where its first sample ends, or null when there is none. */
  readonly firstEnd: number | null
  /** Decode time of its first sample on the track's clock (tfdt, 8.8.12). */
  readonly decodeTicks: number
  /** By how much its first sample is shown after it is decoded (trun's composition offset). */
  readonly offsetTicks: number
  readonly samples: number
  readonly durationTicks: number
}

/** The boxes of `bytes` between `from` and `to`; throws when one does not fit. */
export function* boxesIn(bytes: Uint8Array, from = 0, to = bytes.byteLength): Generator<Box> {
  const view = viewOf(bytes)
  let at = from
  while (at < to) {
    if (at + 8 > to) throw new Error(`a box header is cut off at ${at}`)
    const short = view.getUint32(at)
    // 4.2: size 1 means that 64 bits follow the type, 0 that the box reaches to the end.
    if (short === 1 && at + 16 > to) throw new Error(`a box header is cut off at ${at}`)
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? to - at : short
    const body = at + (short === 1 ? 16 : 8)
    if (size < body - at || at + size > to) throw new Error(`a box at ${at} of ${size} bytes does not fit`)
    yield { type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), start: at, body, end: at + size }
    at += size
  }
}

/** The first box at a path of types, from the top or within `parent`; null when there is none. */
export function findBox(bytes: Uint8Array, path: readonly string[], parent?: Box): Box | null {
  let within = parent
  for (const type of path) {
    let found: Box | null = null
    for (const box of boxesIn(bytes, within ? within.body : 0, within ? within.end : bytes.byteLength)) {
      if (box.type === type) {
        found = box
        break
      }
    }
    if (!found) return null
    within = found
  }
  return within ?? null
}

/** Ticks a second of the first track's clock (mdhd, 8.4.2). */
export function timescaleOf(bytes: Uint8Array): number {
  const box = need(findBox(bytes, ['moov', 'trak', 'mdia', 'mdhd']), 'mdhd')
  const view = viewOf(bytes)
  return view.getUint32(box.body + (bytes[box.body] === 1 ? 20 : 12))
}

/** The fragment whose moof is `moof`; its mdat has to follow at once. One track, one traf. */
export function readFragment(bytes: Uint8Array, moof: Box, mdat: Box): Fragment {
  if (mdat.type !== 'mdat' || mdat.start !== moof.end) throw new Error('a moof without its mdat')
  const traf = need(findBox(bytes, ['traf'], moof), 'traf')
  const view = viewOf(bytes)
  let decodeTicks = 0
  let perSample = 0
  let samples = 0
  let durationTicks = 0
  let offsetTicks = 0
  let sizePerSample = 0
  let firstBytes: number | null = null
  for (const box of boxesIn(bytes, traf.body, traf.end)) {
    const flags = view.getUint32(box.body) & 0xff_ffff
    if (box.type === 'tfhd') {
      // 8.8.7: the optional fields before default_sample_duration are 8 and 4 bytes.
      const at = box.body + 8 + (flags & 0x01 ? 8 : 0) + (flags & 0x02 ? 4 : 0)
      if (flags & 0x08) perSample = view.getUint32(at)
      if (flags & 0x10) sizePerSample = view.getUint32(at + (flags & 0x08 ? 4 : 0))
    } else if (box.type === 'tfdt') {
      decodeTicks = bytes[box.body] === 1 ? Number(view.getBigUint64(box.body + 4)) : view.getUint32(box.body + 4)
    } else if (box.type === 'trun') {
      const count = view.getUint32(box.body + 4)
      let at = box.body + 8 + (flags & 0x01 ? 4 : 0) + (flags & 0x04 ? 4 : 0)
      // 8.8.8: each sample's row has duration, size, flags and offset, as far as the flags say so.
      const row = [0x100, 0x200, 0x400, 0x800].filter((bit) => flags & bit).length * 4
      if (samples === 0 && count > 0 && flags & 0x800) offsetTicks = view.getInt32(at + row - 4)
      if (samples === 0 && count > 0) firstBytes = flags & 0x200 ? view.getUint32(at + (flags & 0x100 ? 4 : 0)) : sizePerSample
      for (let sample = 0; sample < count; sample++, at += row) durationTicks += flags & 0x100 ? view.getUint32(at) : perSample
      samples += count
    }
  }
  const firstEnd = firstBytes === null ? null : mdat.body + firstBytes
  return { start: moof.start, end: mdat.end, firstEnd, decodeTicks, offsetTicks, samples, durationTicks }
}

/** RFC 6381 codecs string of the first track: avc1 with the profile, constraints and level of avcC, hvc1, av01, or mp4a.40.x. */
export function codecsOf(bytes: Uint8Array): string {
  const stsd = need(findBox(bytes, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd']), 'stsd')
  for (const entry of boxesIn(bytes, stsd.body + 8, stsd.end)) {
    if (entry.type === 'avc1') {
      // VisualSampleEntry (12.1.3): 78 bytes before the boxes within.
      const avcC = need(findBox(bytes, ['avcC'], { ...entry, body: entry.body + 78 }), 'avcC')
      return `avc1.${[1, 2, 3].map((offset) => (bytes[avcC.body + offset] ?? 0).toString(16).padStart(2, '0')).join('')}`
    }
    const within = { ...entry, body: entry.body + 78 }
    if (entry.type === 'hvc1') return hevcCodecs(bytes, need(findBox(bytes, ['hvcC'], within), 'hvcC'))
    if (entry.type === 'av01') return av1Codecs(bytes, need(findBox(bytes, ['av1C'], within), 'av1C'))
    if (entry.type === 'mp4a') return `mp4a.40.${aacObjectType(bytes, entry)}`
  }
  throw new Error('a sample entry that is none of ours')
}

/** ISO/IEC 14496-15, annex E.3: profile, compatibility in reverse, tier and level, constraints without their trailing noughts. */
function hevcCodecs(bytes: Uint8Array, { body }: Box): string {
  const at = (offset: number) => bytes[body + offset] ?? 0
  const space = ['', 'A', 'B', 'C'][at(1) >> 6] ?? ''
  let compatibility = 0
  for (let bit = 0; bit < 32; bit++) if (viewOf(bytes).getUint32(body + 2) & (1 << bit)) compatibility |= 0x8000_0000 >>> bit
  const constraints = [6, 7, 8, 9, 10, 11].map(at)
  while (constraints.at(-1) === 0) constraints.pop()
  const parts = [`hvc1.${space}${at(1) & 0x1f}`, (compatibility >>> 0).toString(16), `${at(1) & 0x20 ? 'H' : 'L'}${at(12)}`]
  return [...parts, ...constraints.map((byte) => byte.toString(16).toUpperCase())].join('.')
}

/** AV1 in ISOBMFF, section 5: profile, level and tier, bits. */
function av1Codecs(bytes: Uint8Array, { body }: Box): string {
  const [first = 0, second = 0] = [bytes[body + 1], bytes[body + 2]]
  const two = (value: number) => String(value).padStart(2, '0')
  return `av01.${first >> 5}.${two(first & 0x1f)}${second & 0x80 ? 'H' : 'M'}.${two(second & 0x40 ? (second & 0x20 ? 12 : 10) : 8)}`
}

/** AudioSpecificConfig's first five bits (14496-3), behind the DecoderSpecificInfo tag 5 of esds. */
function aacObjectType(bytes: Uint8Array, entry: Box): number {
  // AudioSampleEntry (12.2.3): 28 bytes before the boxes within; esds is a full box.
  const esds = need(findBox(bytes, ['esds'], { ...entry, body: entry.body + 28 }), 'esds')
  let at = esds.body + 4
  while (at < esds.end) {
    const tag = bytes[at++]
    let size = 0
    for (let more = true; more; ) {
      const byte = bytes[at++] ?? 0
      size = (size << 7) | (byte & 0x7f)
      more = (byte & 0x80) !== 0
    }
    if (tag === 5) return (bytes[at] ?? 0) >> 3
    // ES_Descriptor (3 bytes without options) and DecoderConfigDescriptor (13) hold the next; others are stepped over.
    at += tag === 3 ? 3 : tag === 4 ? 13 : size
  }
  throw new Error('an esds without a decoder config')
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function need<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`no ${what}`)
  return value
}
