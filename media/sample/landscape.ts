/** Size in pixels, upright: larger only takes longer to draw. */
export const LANDSCAPE = { width: 1600, height: 2400 } as const

/** The drawing's own units. */
const width = 2_000
const height = 3_000
const HORIZON = 1_900
const SUN = { x: 1_290, y: 1_560 }

/** A ridge from side to side: sums of a few waves, so that it is always the same one. */
function ridge(base: number, rough: number, phase: number): string {
  const points: string[] = []
  for (let x = 0; x <= width; x += 10) {
    const swell =
      Math.sin(x / 330 + phase) * 0.6 +
      Math.sin(x / 141 + phase * 2.3) * 0.28 +
      Math.sin(x / 47 + phase * 5.1) * 0.09 +
      Math.sin(x / 19 + phase * 7.7) * 0.03
    points.push(`${x},${(base - swell * rough).toFixed(1)}`)
  }
  return `M0,${height} L${points.join(' L')} L${width},${height} Z`
}

/** A pine as stacked tiers; `size` is its height. */
function pine(x: number, foot: number, size: number): string {
  const tiers = Array.from({ length: 7 }, (_, tier) => {
    const top = foot - size + (tier * size) / 8.5
    const half = size * (0.05 + tier * 0.022)
    const drop = size / 5.2
    return `M${x},${top.toFixed(1)} L${(x - half).toFixed(1)},${(top + drop).toFixed(1)} L${(x + half).toFixed(1)},${(top + drop).toFixed(1)} Z`
  })
  return `${tiers.join(' ')} M${x - size * 0.012},${foot - size / 6} v${size / 5} h${size * 0.024} v${-size / 5} Z`
}

/** An even scatter of 0..1, the same for the same index. */
function scatter(index: number): number {
  const noise = Math.sin(index * 12.9898 + 4.1414) * 43_758.5453
  return noise - Math.floor(noise)
}

/** Light on the water below the sun: short strokes that widen and thin out towards the viewer. */
function glitter(): string {
  const strokes: string[] = []
  for (let row = 0; row < 74; row++) {
    const y = HORIZON + 8 + row * 7 + (row * row) / 24
    const spread = 30 + row * 3.1
    for (let stroke = 0; stroke < 4; stroke++) {
      const wander = (scatter(row * 3 + stroke) + scatter(row * 3 + stroke + 500) - 1) * spread
      const length = 14 + row * 1.7 + 12 * Math.sin(row * 3.7 + stroke)
      strokes.push(
        `<rect x="${(SUN.x + wander - length / 2).toFixed(1)}" y="${y.toFixed(1)}" width="${length.toFixed(1)}" height="${(2.2 + row * 0.05).toFixed(1)}" rx="2" opacity="${(0.85 - row * 0.01).toFixed(2)}"/>`,
      )
    }
  }
  return strokes.join('')
}

function clouds(): string {
  return [
    [330, 620, 520, 26, 0.5],
    [690, 700, 430, 18, 0.4],
    [1_560, 480, 560, 24, 0.35],
    [1_180, 930, 640, 22, 0.55],
    [420, 1_090, 560, 20, 0.6],
    [1_640, 1_190, 470, 16, 0.7],
    [820, 1_310, 700, 14, 0.6],
  ]
    .map(([x, y, rx, ry, opacity]) => `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" opacity="${opacity}"/>`)
    .join('')
}

/** Evening over a lake, as SVG. */
export function landscapeSvg(): string {
  const stars = Array.from({ length: 70 }, (_, index) => {
    const [x, y] = [scatter(index) * width, scatter(index + 900) * 640 + 20]
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${1.2 + (index % 4) * 0.6}" opacity="${(0.75 - y / 950).toFixed(2)}"/>`
  }).join('')
  const pines = [
    [60, 2_930, 760],
    [190, 2_960, 560],
    [330, 2_985, 900],
    [470, 2_990, 430],
    [1_690, 2_985, 470],
    [1_820, 2_965, 820],
    [1_945, 2_940, 610],
  ] as const
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LANDSCAPE.width}" height="${LANDSCAPE.height}" viewBox="0 0 ${width} ${height}">
<defs>
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#1b1f4b"/><stop offset=".28" stop-color="#5b3a86"/><stop offset=".52" stop-color="#c8557f"/>
<stop offset=".74" stop-color="#f58a5b"/><stop offset=".92" stop-color="#fcc46a"/><stop offset="1" stop-color="#fde3a0"/>
</linearGradient>
<linearGradient id="water" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#f3b06c"/><stop offset=".16" stop-color="#d87470"/><stop offset=".5" stop-color="#6d4585"/><stop offset="1" stop-color="#1a1c42"/>
</linearGradient>
<radialGradient id="glow"><stop offset="0" stop-color="#fff6d0" stop-opacity=".95"/><stop offset=".22" stop-color="#ffd98a" stop-opacity=".6"/><stop offset="1" stop-color="#ff9a5a" stop-opacity="0"/></radialGradient>
<radialGradient id="cloud"><stop offset="0" stop-color="#ffc9a0"/><stop offset=".55" stop-color="#ffb48c" stop-opacity=".75"/><stop offset="1" stop-color="#ffb48c" stop-opacity="0"/></radialGradient>
</defs>
<rect width="${width}" height="${HORIZON + 20}" fill="url(#sky)"/>
<g fill="#fff6e6">${stars}</g>
<circle cx="${SUN.x}" cy="${SUN.y}" r="900" fill="url(#glow)"/>
<g fill="url(#cloud)">${clouds()}</g>
<circle cx="${SUN.x}" cy="${SUN.y}" r="128" fill="#fffbe6"/>
<path d="${ridge(1_700, 150, 0.4)}" fill="#c26a86"/>
<path d="${ridge(1_780, 120, 2.1)}" fill="#8d4f86"/>
<path d="${ridge(1_860, 70, 4.4)}" fill="#573a74"/>
<rect y="${HORIZON}" width="${width}" height="${height - HORIZON}" fill="url(#water)"/>
<g fill="#ffe9b0">${glitter()}</g>
<path d="${ridge(2_870, 60, 1.3)}" fill="#0d1026"/>
<path d="${pines.map(([x, foot, size]) => pine(x, foot, size)).join(' ')}" fill="#0b0d20"/>
</svg>`
}
