import type { PaletteColour } from '../../domain/media.ts'

interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
}
type Lab = readonly [lightness: number, a: number, b: number]
interface Bin {
  readonly lab: Lab
  readonly weight: number
}
interface Cluster {
  lab: Lab
  weight: number
}

const COLOURS_MAX = 5
/** What covers less than this is no dominant colour. */
const SHARE_MIN = 0.02
/** Colours in Oklab nearer than this are seen as one. */
const DISTANCE_MIN = 0.09
const ROUNDS = 12

/**
 * The colours that a picture consists of, the largest share first: k-means in Oklab, begun with the commonest colour
 * and then ever what is farthest from those, so that the same picture always has the same. Shares are of 1, to two places.
 */
export function paletteOf(pixels: Pixels): PaletteColour[] {
  const bins = binsOf(pixels)
  const total = bins.reduce((sum, { weight }) => sum + weight, 0)
  if (total === 0) return []
  let clusters = seedsOf(bins)
  for (let round = 0; round < ROUNDS; round++) clusters = gathered(bins, clusters)
  return merged(clusters)
    .filter(({ weight }) => weight / total >= SHARE_MIN)
    .toSorted((one, other) => other.weight - one.weight)
    .map(({ lab, weight }) => ({ colour: hexOf(lab), share: Math.round((100 * weight) / total) / 100 }))
}

/** Colours at 4 bits a channel, each as the mean of its pixels; what is transparent counts as much less. */
function binsOf({ data, width, height, channels }: Pixels): Bin[] {
  const sums = new Map<number, [red: number, green: number, blue: number, weight: number]>()
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [red = 0, green = 0, blue = 0, alpha = 255] = data.subarray(pixel * channels, (pixel + 1) * channels)
    const key = ((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4)
    const sum = sums.get(key) ?? [0, 0, 0, 0]
    const weight = alpha / 255
    sums.set(key, [sum[0] + weight * red, sum[1] + weight * green, sum[2] + weight * blue, sum[3] + weight])
  }
  return [...sums.values()]
    .filter(([, , , weight]) => weight > 0)
    .map(([red, green, blue, weight]) => ({ lab: oklabOf(red / weight, green / weight, blue / weight), weight }))
}

function seedsOf(bins: readonly Bin[]): Cluster[] {
  const [first] = bins.toSorted((one, other) => other.weight - one.weight)
  const seeds: Cluster[] = first ? [{ lab: first.lab, weight: 0 }] : []
  while (seeds.length > 0 && seeds.length < COLOURS_MAX) {
    // Far and common: a single odd pixel is no colour of the picture.
    const reach = ({ lab, weight }: Bin) => Math.sqrt(weight) * Math.min(...seeds.map((seed) => distance(seed.lab, lab)))
    const next = bins.reduce((best, bin) => (reach(bin) > reach(best) ? bin : best))
    if (reach(next) === 0) break
    seeds.push({ lab: next.lab, weight: 0 })
  }
  return seeds
}

function gathered(bins: readonly Bin[], clusters: readonly Cluster[]): Cluster[] {
  const sums = clusters.map(() => [0, 0, 0, 0] as [number, number, number, number])
  for (const { lab, weight } of bins) {
    const distances = clusters.map((cluster) => distance(cluster.lab, lab))
    const sum = sums[distances.indexOf(Math.min(...distances))]
    if (!sum) continue
    for (const [index, value] of lab.entries()) (sum[index] as number) += weight * value
    sum[3] += weight
  }
  return sums.filter(([, , , weight]) => weight > 0).map(([l, a, b, weight]) => ({ lab: [l / weight, a / weight, b / weight], weight }))
}

function merged(clusters: readonly Cluster[]): Cluster[] {
  const kept: Cluster[] = []
  for (const { lab, weight } of clusters.toSorted((one, other) => other.weight - one.weight)) {
    const like = kept.find((cluster) => distance(cluster.lab, lab) < DISTANCE_MIN)
    if (like) like.weight += weight
    else kept.push({ lab, weight })
  }
  return kept
}

function distance([l, a, b]: Lab, [l2, a2, b2]: Lab): number {
  return Math.hypot(l - l2, a - a2, b - b2)
}

/** Oklab of an sRGB colour in bytes (Björn Ottosson, "A perceptual color space for image processing"). */
function oklabOf(...bytes: [red: number, green: number, blue: number]): Lab {
  const [r, g, b] = bytes.map((byte) => {
    const c = byte / 255
    return c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  const l = Math.cbrt(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b)
  const m = Math.cbrt(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b)
  const s = Math.cbrt(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b)
  return [
    0.210_454_255_3 * l + 0.793_617_785 * m - 0.004_072_046_8 * s,
    1.977_998_495_1 * l - 2.428_592_205 * m + 0.450_593_709_9 * s,
    0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766 * s,
  ]
}

function hexOf([lightness, a, b]: Lab): string {
  const l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b) ** 3
  const m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b) ** 3
  const s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b) ** 3
  const linear = [
    4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
    -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
    -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s,
  ]
  const bytes = linear.map((c) =>
    Math.round(255 * (c <= 0.003_130_8 ? 12.92 * Math.max(0, c) : 1.055 * Math.min(1, c) ** (1 / 2.4) - 0.055)),
  )
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
