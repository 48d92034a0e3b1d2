/** Lightness in rows, 0..255; at most {@link pdqSideMax} a side are needed. */
export interface Lightness {
  readonly data: Uint8Array | Float32Array
  readonly width: number
  readonly height: number
}

export const pdqSideMax = 512
/** The picture is looked at as so many means a side, and as so many waves of them. */
const SIDE = 64
const WAVES = 16

export interface Pdq {
  readonly hash: string
  /** The hashes of the picture turned and mirrored in all eight ways, its own first. */
  readonly turned: readonly string[]
  readonly quality: number
}

/**
 * PDQ of a picture (Facebook, "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm", 2019): a
 * blur by two boxes both ways, 64 x 64 samples of it, their 16 x 16 lowest waves without the constants, each compared
 * with their median.
 */
export function pdqOf({ data, width, height }: Lightness): Pdq {
  let blurred = Float32Array.from(data)
  for (let pass = 0; pass < 2; pass++) {
    blurred = boxed(blurred, height, width, width, 1, windowOf(width))
    blurred = boxed(blurred, width, height, 1, width, windowOf(height))
  }
  const samples = sampled(blurred, width, height)
  const waves = wavesOf(samples)
  const turned = Array.from({ length: 8 }, (_, way) => hexOf(turnedWaves(waves, (way & 1) > 0, (way & 2) > 0, (way & 4) > 0)))
  return { hash: turned[0] ?? '', turned, quality: qualityOf(samples) }
}

function windowOf(side: number): number {
  return Math.floor((side + 2 * SIDE - 1) / (2 * SIDE))
}

/** `lines` lines of `length` values, each value replaced by the mean of a window around it, cut off at the ends. */
function boxed(
  from: Float32Array,
  lines: number,
  length: number,
  alongLines: number,
  alongLine: number,
  window: number,
): Float32Array<ArrayBuffer> {
  const to = new Float32Array(from.length)
  const ahead = Math.floor((window + 2) / 2) - 1
  const behind = window - ahead - 1
  for (let line = 0; line < lines; line++) {
    const start = line * alongLines
    let sum = 0
    for (let at = 0; at < Math.min(ahead, length); at++) sum += from[start + at * alongLine] as number
    for (let at = 0; at < length; at++) {
      if (at + ahead < length) sum += from[start + (at + ahead) * alongLine] as number
      if (at - behind > 0) sum -= from[start + (at - behind - 1) * alongLine] as number
      to[start + at * alongLine] = sum / (Math.min(length - 1, at + ahead) - Math.max(0, at - behind) + 1)
    }
  }
  return to
}

function sampled(values: Float32Array, width: number, height: number): Float64Array {
  return Float64Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)]
    return values[Math.floor(((y + 0.5) * height) / SIDE) * width + Math.floor(((x + 0.5) * width) / SIDE)] ?? 0
  })
}

/** Steps between neighbours, in percent of white and cut off: a picture with little of them has little to go by. */
function qualityOf(samples: Float64Array): number {
  let sum = 0
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const here = samples[y * SIDE + x] ?? 0
      if (y < SIDE - 1) sum += Math.abs(Math.trunc(((here - (samples[(y + 1) * SIDE + x] ?? 0)) * 100) / 255))
      if (x < SIDE - 1) sum += Math.abs(Math.trunc(((here - (samples[y * SIDE + x + 1] ?? 0)) * 100) / 255))
    }
  return Math.min(100, Math.floor(sum / 90))
}

/** The cosines that the samples are compared with: waves 1 to 16, since the constant says nothing of the picture. */
const cosines = Array.from({ length: WAVES }, (_, wave) =>
  Float64Array.from({ length: SIDE }, (_value, at) => Math.sqrt(2 / SIDE) * Math.cos((Math.PI / (2 * SIDE)) * (wave + 1) * (2 * at + 1))),
)

function wavesOf(samples: Float64Array): Float64Array {
  const across = new Float64Array(WAVES * SIDE)
  for (const [wave, cosine] of cosines.entries())
    for (let x = 0; x < SIDE; x++) {
      let sum = 0
      for (let y = 0; y < SIDE; y++) sum += (cosine[y] as number) * (samples[y * SIDE + x] as number)
      across[wave * SIDE + x] = sum
    }
  return Float64Array.from({ length: WAVES * WAVES }, (_, at) => {
    const cosine = cosines[at % WAVES] ?? new Float64Array()
    const row = Math.floor(at / WAVES) * SIDE
    return cosine.reduce((sum, value, x) => sum + value * (across[row + x] ?? 0), 0)
  })
}

/** The waves of the picture mirrored and turned: odd ones change their sign, and a transposition swaps the directions. */
function turnedWaves(waves: Float64Array, flipX: boolean, flipY: boolean, transposed: boolean): Float64Array {
  return waves.map((_, at) => {
    const [x, y] = [at % WAVES, Math.floor(at / WAVES)]
    const value = waves[transposed ? x * WAVES + y : at] ?? 0
    // The first wave here is wave 1 of the picture.
    return (flipX && x % 2 === 0) !== (flipY && y % 2 === 0) ? -value : value
  })
}

/** A bit for each wave above the median; the highest word, of the last row, is written first. */
function hexOf(waves: Float64Array): string {
  const median = waves.toSorted()[(WAVES * WAVES) / 2 - 1] ?? 0
  let hex = ''
  for (let row = WAVES - 1; row >= 0; row--) {
    let word = 0
    for (let wave = 0; wave < WAVES; wave++) if ((waves[row * WAVES + wave] ?? 0) > median) word |= 1 << wave
    hex += word.toString(16).padStart(4, '0')
  }
  return hex
}
