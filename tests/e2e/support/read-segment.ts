/** Reads fragmented MP4 as a player does, apart from the pipeline's own reader, so that the two share no mistake. */

export interface SegmentFragment {
  /** Decode time of its first sample, ticks. */
  readonly startTicks: number
  readonly ticks: number
  readonly samples: number
  /** Its first sample. */
  readonly first: Buffer
}

interface Box {
  readonly type: string
  readonly body: Buffer
}

const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf'])

function* boxes(data: Buffer): Generator<Box> {
  for (let at = 0; at + 8 <= data.length; ) {
    const bytes = data.readUInt32BE(at)
    if (bytes < 8 || at + bytes > data.length) throw new Error(`a box of ${bytes} bytes where ${data.length - at} are left`)
    const box = { type: data.toString('latin1', at + 4, at + 8), body: data.subarray(at + 8, at + bytes) }
    yield box
    if (containers.has(box.type)) yield* boxes(box.body)
    at += bytes
  }
}

/** Ticks a second, and how long a sample lasts that does not say so, out of an init segment. */
export function readInit(data: Buffer): { readonly timescale: number; readonly sampleTicks: number } {
  const all = [...boxes(data)]
  const mdhd = all.find(({ type }) => type === 'mdhd')?.body
  const trex = all.find(({ type }) => type === 'trex')?.body
  if (!mdhd || !trex) throw new Error('an init segment without mdhd or trex')
  return { timescale: mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12), sampleTicks: trex.readUInt32BE(12) }
}

/** The fragments of a media segment. */
export function readFragments(data: Buffer, sampleTicks: number): SegmentFragment[] {
  const fragments: SegmentFragment[] = []
  let open: Omit<SegmentFragment, 'first'> & { readonly firstBytes: number } = { startTicks: 0, ticks: 0, samples: 0, firstBytes: 0 }
  let [ticksByDefault, bytesByDefault] = [sampleTicks, 0]
  for (const { type, body } of boxes(data)) {
    if (type === 'tfhd') {
      const flags = body.readUIntBE(1, 3)
      let at = 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0)
      ticksByDefault = flags & 0x8 ? body.readUInt32BE(at) : sampleTicks
      if (flags & 0x8) at += 4
      bytesByDefault = flags & 0x10 ? body.readUInt32BE(at) : 0
    } else if (type === 'tfdt') {
      open = { startTicks: body[0] === 1 ? Number(body.readBigUInt64BE(4)) : body.readUInt32BE(4), ticks: 0, samples: 0, firstBytes: 0 }
    } else if (type === 'trun') open = { ...open, ...readRun(body, ticksByDefault, bytesByDefault) }
    else if (type === 'mdat') {
      const { firstBytes, ...fragment } = open
      fragments.push({ ...fragment, first: body.subarray(0, firstBytes) })
    }
  }
  return fragments
}

function readRun(body: Buffer, ticksByDefault: number, bytesByDefault: number) {
  const flags = body.readUIntBE(1, 3)
  const samples = body.readUInt32BE(4)
  let at = 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0)
  let [ticks, firstBytes] = [0, 0]
  for (let sample = 0; sample < samples; sample++) {
    ticks += flags & 0x100 ? body.readUInt32BE(at) : ticksByDefault
    if (flags & 0x100) at += 4
    const bytes = flags & 0x200 ? body.readUInt32BE(at) : bytesByDefault
    if (sample === 0) firstBytes = bytes
    at += (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0)
  }
  return { samples, ticks, firstBytes }
}
