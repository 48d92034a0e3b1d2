/** sRGB bytes to linear light (IEC 61966-2-1). */
const linear = Float64Array.from({ length: 256 }, (_, value) => {
  const c = value / 255
  return c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
})

/** CIE L*a*b* of an sRGB colour under D65 (CIE 15). */
function labOf(red: number, green: number, blue: number): [number, number, number] {
  const [r, g, b] = [linear[red] ?? 0, linear[green] ?? 0, linear[blue] ?? 0]
  const x = root((0.412_456_4 * r + 0.357_576_1 * g + 0.180_437_5 * b) / 0.950_47)
  const y = root(0.212_672_9 * r + 0.715_152_2 * g + 0.072_175 * b)
  const z = root((0.019_333_9 * r + 0.119_192 * g + 0.950_304_1 * b) / 1.088_83)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

function root(t: number): number {
  return t > 216 / 24_389 ? Math.cbrt(t) : ((24_389 / 27) * t + 16) / 116
}

/** CIE 1976 colour difference of two sRGB colours in bytes. */
export function colourDifference(one: readonly [number, number, number], other: readonly [number, number, number]): number {
  const [a, b] = [labOf(...one), labOf(...other)]
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

/** Mean CIE 1976 colour difference of two pictures of the same size, three bytes per pixel. */
export function meanDifference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at += 3) {
    sum += colourDifference([a[at] ?? 0, a[at + 1] ?? 0, a[at + 2] ?? 0], [b[at] ?? 0, b[at + 1] ?? 0, b[at + 2] ?? 0])
  }
  return sum / (a.length / 3)
}
