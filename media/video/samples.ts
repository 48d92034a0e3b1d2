/** The samples of our own encoder's fragments, one by one (ISO/IEC 14496-12, 8.8). Pure. */
import { boxesIn, findBox, type Box } from './boxes.ts'

export interface Sample {
  readonly bytes: number
  readonly durationTicks: number
  /** By how much it is shown after it is decoded; may be negative. */
  readonly offsetTicks: number
}

export interface SampledFragment {
  readonly samples: readonly Sample[]
  /** Their bytes, in order. */
  readonly data: Uint8Array
}

/** The fragments of a segment with their samples; each is one moof with one track, and the mdat behind it. */
export function sampledFragments(segment: Uint8Array): SampledFragment[] {
  const fragments: SampledFragment[] = []
  let samples: Sample[] | null = null
  for (const box of boxesIn(segment)) {
    if (box.type === 'moof') samples = samplesOf(segment, box)
    else if (box.type === 'mdat' && samples) {
      const bytes = samples.reduce((sum, sample) => sum + sample.bytes, 0)
      if (box.end - box.body !== bytes) throw new Error(`an mdat of ${box.end - box.body} bytes with samples of ${bytes}`)
      fragments.push({ samples, data: segment.subarray(box.body, box.end) })
      samples = null
    }
  }
  return fragments
}

function samplesOf(bytes: Uint8Array, moof: Box): Sample[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const traf = findBox(bytes, ['traf'], moof)
  if (!traf) throw new Error('no traf')
  const samples: Sample[] = []
  let usual = { bytes: 0, durationTicks: 0 }
  for (const box of boxesIn(bytes, traf.body, traf.end)) {
    const flags = view.getUint32(box.body) & 0xff_ffff
    if (box.type === 'tfhd') {
      // 8.8.7: base offset, description index, then the defaults, as far as the flags say that they are there.
      let at = box.body + 8 + (flags & 0x01 ? 8 : 0) + (flags & 0x02 ? 4 : 0)
      const next = (bit: number) => (flags & bit ? view.getUint32((at += 4) - 4) : 0)
      usual = { durationTicks: next(0x08), bytes: next(0x10) }
    } else if (box.type === 'trun') {
      const count = view.getUint32(box.body + 4)
      let at = box.body + 8 + (flags & 0x01 ? 4 : 0) + (flags & 0x04 ? 4 : 0)
      for (let sample = 0; sample < count; sample++) {
        const durationTicks = flags & 0x100 ? view.getUint32((at += 4) - 4) : usual.durationTicks
        const size = flags & 0x200 ? view.getUint32((at += 4) - 4) : usual.bytes
        if (flags & 0x400) at += 4
        const offsetTicks = flags & 0x800 ? view.getInt32((at += 4) - 4) : 0
        samples.push({ bytes: size, durationTicks, offsetTicks })
      }
    }
  }
  return samples
}
