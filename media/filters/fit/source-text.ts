import { type ColourPolynomial, type Curves, exponentsOf, type Filter } from '../filter.ts'

/** A filter as the text of its TypeScript file. */
export function sourceText({ name, title, colour, curves, radial }: Filter): string {
  return `import type { Filter } from '../filter.ts'

// Coefficients of a fit (npm run fit-filters), one total degree after the other; curves are of red, green and blue.
// biome-ignore format: a row is a degree or a curve
export const ${/^\d/.test(name) ? '_' : ''}${name}: Filter = {
  name: '${name}',
  title: '${title}',
  colour: ${polynomialText(colour)},${curves ? `\n  curves: ${curvesText(curves)},` : ''}${radial ? `\n  radial: ${polynomialText(radial)},` : ''}
}
`
}

function polynomialText({ degree, red, green, blue }: ColourPolynomial): string {
  const totals = exponentsOf(degree).map(([i, j, k]) => i + j + k)
  const channel = (coefficients: readonly number[]) =>
    Array.from(
      { length: degree + 1 },
      (_, total) => `      ${coefficients.filter((_, index) => totals[index] === total).join(', ')},`,
    ).join('\n')
  const channels = { red, green, blue }
  const texts = Object.entries(channels).map(([name, coefficients]) => `    ${name}: [\n${channel(coefficients)}\n    ],\n`)
  return `{\n    degree: ${degree},\n${texts.join('')}  }`
}

function curvesText(curves: Curves): string {
  const texts = Object.entries(curves).map(([name, three]: [string, Curves['red']]) => {
    return `    ${name}: [\n${three.map((curve) => `      [${curve.join(', ')}],`).join('\n')}\n    ],\n`
  })
  return `{\n${texts.join('')}  }`
}
