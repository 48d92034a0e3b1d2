/** What the linters ask of a rung's codec: that phones take it, and that its fragments begin with pictures that need no other. */

interface CodecRules {
  /** Faults of a CODECS value. */
  faultsOf(codecs: string): string[]
  /** Whether a sample is an instantaneous refresh: nothing behind it refers to what was before. */
  isRefresh(sample: Buffer): boolean
}

/** H.264 up to 4.2, HEVC up to 5.1 (times thirty), AV1 up to 5.1 (its index). */
const levels = { avc1: 0x2a, hvc1: 153, av01: 13 } as const
/** A sequence header stands before a key frame and nowhere else in what is encoded here (AV1, section 5.5). */
const AV1_SEQUENCE_HEADER = 1

const rules: Readonly<Record<keyof typeof levels, CodecRules>> = {
  avc1: {
    faultsOf: (codecs) => {
      const [, profile = '', level = ''] = /avc1\.([0-9a-f]{2})[0-9a-f]{2}([0-9a-f]{2})/.exec(codecs) ?? []
      return [
        ...(['42', '4d', '64'].includes(profile) ? [] : [`H.264 profile ${profile}`]),
        ...(Number.parseInt(level, 16) <= levels.avc1 ? [] : [`H.264 level ${level}`]),
      ]
    },
    isRefresh: (sample) => nalHeaders(sample).some((first) => (first & 0x1f) === 5),
  },
  hvc1: {
    faultsOf: (codecs) => {
      const [, profile = '', level = ''] = /hvc1\.(\d)\.[0-9A-F]+\.[LH](\d+)/.exec(codecs) ?? []
      return [
        ...(['1', '2'].includes(profile) ? [] : [`HEVC profile ${profile}`]),
        ...(Number(level) <= levels.hvc1 ? [] : [`HEVC level ${level}`]),
      ]
    },
    isRefresh: (sample) => nalHeaders(sample).some((first) => [19, 20].includes((first >> 1) & 0x3f)),
  },
  av01: {
    faultsOf: (codecs) => {
      const [, profile = '', level = ''] = /av01\.(\d)\.(\d\d)[MH]\.\d\d/.exec(codecs) ?? []
      return [...(profile === '0' ? [] : [`AV1 profile ${profile}`]), ...(Number(level) <= levels.av01 ? [] : [`AV1 level ${level}`])]
    },
    isRefresh: (sample) => (((sample[0] ?? 0) >> 3) & 0xf) === AV1_SEQUENCE_HEADER,
  },
}

/** The rules of the picture in a CODECS value; H.264's for what is unknown, which fails by them. */
export function rulesOf(codecs: string): CodecRules {
  const found = (Object.keys(rules) as (keyof typeof levels)[]).find((name) => codecs.includes(`${name}.`))
  return rules[found ?? 'avc1']
}

/** First bytes of the NAL units of a sample; none where it does not look like length-prefixed ones. */
function nalHeaders(sample: Buffer): number[] {
  const headers: number[] = []
  for (let at = 0; at + 5 <= sample.length; ) {
    const bytes = sample.readUInt32BE(at)
    if (at + 4 + bytes > sample.length) return []
    headers.push(sample[at + 4] ?? 0)
    at += 4 + bytes
  }
  return headers
}
