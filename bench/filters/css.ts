/** The peer: filters as CSS formulas, computed as browsers do. */
type Rgb = [red: number, green: number, blue: number]
type Step = (colour: Rgb) => Rgb

const each =
  (of: (channel: number, index: number) => number): Step =>
  (colour) =>
    colour.map((channel, index) => Math.min(1, Math.max(0, of(channel, index)))) as Rgb
const matrix = (rows: readonly (readonly number[])[]): Step => {
  return (colour) => each((_, index) => (rows[index] ?? []).reduce((sum, factor, from) => sum + factor * (colour[from] ?? 0), 0))(colour)
}

// Filter Effects 1, section 11: the functions as matrices and as linear transfers.
const brightness = (by: number) => each((c) => c * by)
const contrast = (by: number) => each((c) => (c - 0.5) * by + 0.5)
const between = (by: number, one: readonly number[]) =>
  [0, 1, 2].map((row) => one.map((luma, column) => luma * (1 - by) + (row === column ? by : 0)))
const saturate = (by: number) => matrix(between(by, [0.213, 0.715, 0.072]))
const grayscale = (by: number) => matrix(between(1 - by, [0.2126, 0.7152, 0.0722]))
const sepiaRows = [
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
]
const sepia = (by: number) => matrix(sepiaRows.map((row, r) => row.map((value, c) => value * by + (r === c ? 1 - by : 0))))
const hueRotate = (degrees: number) => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
  return matrix([
    [0.213 + cos * 0.787 - sin * 0.213, 0.715 - cos * 0.715 - sin * 0.715, 0.072 - cos * 0.072 + sin * 0.928],
    [0.213 - cos * 0.213 + sin * 0.143, 0.715 + cos * 0.285 + sin * 0.14, 0.072 - cos * 0.072 - sin * 0.283],
    [0.213 - cos * 0.213 - sin * 0.787, 0.715 - cos * 0.715 + sin * 0.715, 0.072 + cos * 0.928 + sin * 0.072],
  ])
}

// Compositing and Blending 1, section 10: backdrop b, source s.
const blends = {
  screen: (b: number, s: number) => b + s - b * s,
  darken: Math.min,
  lighten: Math.max,
  overlay: (b: number, s: number) => (b <= 0.5 ? 2 * b * s : 1 - 2 * (1 - b) * (1 - s)),
  colorDodge: (b: number, s: number) => (b === 0 ? 0 : s === 1 ? 1 : Math.min(1, b / (1 - s))),
  exclusion: (b: number, s: number) => b + s - 2 * b * s,
  softLight: (b: number, s: number) => {
    if (s <= 0.5) return b - (1 - 2 * s) * b * (1 - b)
    const d = b <= 0.25 ? ((16 * b - 12) * b + 4) * b : Math.sqrt(b)
    return b + (2 * s - 1) * (d - b)
  },
}
const over = (blend: keyof typeof blends, rgb: Rgb, alpha = 1) =>
  each((c, index) => c * (1 - alpha) + blends[blend](c, (rgb[index] ?? 0) / 255) * alpha)

/** CSSgram's filters whose overlay is one colour: overlays first, since its filter functions are the whole figure's. */
const formulas: Readonly<Record<string, readonly Step[]>> = {
  '1977': [over('screen', [243, 106, 188], 0.3), contrast(1.1), brightness(1.1), saturate(1.3)],
  brannan: [over('lighten', [161, 44, 199], 0.31), sepia(0.5), contrast(1.4)],
  clarendon: [over('overlay', [127, 187, 227], 0.2), contrast(1.2), saturate(1.35)],
  gingham: [over('softLight', [230, 230, 250]), brightness(1.05), hueRotate(-10)],
  inkwell: [sepia(0.3), contrast(1.1), brightness(1.1), grayscale(1)],
  kelvin: [over('colorDodge', [56, 44, 52]), over('overlay', [183, 125, 33])],
  lark: [over('colorDodge', [34, 37, 63]), over('darken', [242, 242, 242], 0.8), contrast(0.9)],
  moon: [over('softLight', [160, 160, 160]), over('lighten', [56, 56, 56]), grayscale(1), contrast(1.1), brightness(1.1)],
  nashville: [
    over('darken', [247, 176, 153], 0.56),
    over('lighten', [0, 70, 150], 0.4),
    sepia(0.2),
    contrast(1.2),
    brightness(1.05),
    saturate(1.2),
  ],
  reyes: [over('softLight', [239, 205, 173], 0.5), sepia(0.22), brightness(1.1), contrast(0.85), saturate(0.75)],
  slumber: [over('lighten', [69, 41, 12], 0.4), over('softLight', [125, 105, 24], 0.5), saturate(0.66), brightness(1.05)],
  stinson: [over('softLight', [240, 149, 128], 0.2), contrast(0.75), saturate(0.85), brightness(1.15)],
  valencia: [over('exclusion', [58, 3, 57], 0.5), contrast(1.08), brightness(1.08), sepia(0.08)],
  walden: [over('screen', [0, 68, 204], 0.3), brightness(1.1), hueRotate(-10), sepia(0.3), saturate(1.6)],
}

/** What the CSS formula of a filter makes of a picture, three bytes per pixel; null where there is no formula. */
export function renderCss(filter: string, before: Uint8Array): Uint8Array | null {
  const steps = formulas[filter]
  if (!steps) return null
  const after = new Uint8Array(before.length)
  for (let at = 0; at < before.length; at += 3) {
    let colour: Rgb = [(before[at] ?? 0) / 255, (before[at + 1] ?? 0) / 255, (before[at + 2] ?? 0) / 255]
    for (const step of steps) colour = step(colour)
    for (const [channel, value] of colour.entries()) after[at + channel] = Math.round(value * 255)
  }
  return after
}
