/** What the README says of presets and filters is what there is. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import openapi from '../../api/openapi.json' with { type: 'json' }
import { presets } from '../../domain/presets/index.ts'
import { type Colour, type Filter, mixersOf } from '../../media/filters/filter.ts'
import { filters } from '../../media/filters/index.ts'

const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')

/** The rows below a table's head. */
function rowsBelow(head: string): string[] {
  const at = readme.indexOf(`${head}\n`)
  assert.ok(at >= 0, `the README has a table ${head}`)
  const lines = readme.slice(at).split('\n').slice(2)
  return lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('|')),
  )
}

const lightness = ([red, green, blue]: Colour) => 0.299 * red + 0.587 * green + 0.114 * blue
const colourfulness = (colour: Colour) => Math.max(...colour) - Math.min(...colour)
const levels = [0.2, 0.4, 0.6, 0.8]
const colours = levels.flatMap((red) => levels.flatMap((green) => levels.map((blue): Colour => [red, green, blue])))

/** What a filter does most of all to greys and colours in the centre, in the README's words. */
function lookOf(filter: Filter): string {
  const { centre } = mixersOf(filter)
  const greys = [0.25, 0.5, 0.75].map((grey) => centre(grey, grey, grey))
  const warmth = greys.reduce((sum, [red, , blue]) => sum + red - blue, 0) / greys.length
  const contrast = (lightness(greys[2] as Colour) - lightness(greys[0] as Colour)) / 0.5
  const sum = (of: (colour: Colour) => number) => colours.reduce((total, colour) => total + of(colour), 0)
  const colour = sum((from) => colourfulness(centre(...from))) / sum(colourfulness)
  if (colour < 0.1) return 'black and white'
  if (warmth >= 0.07) return 'warmer'
  if (warmth <= -0.05) return 'cooler'
  if (contrast >= 1.12) return 'stronger: more contrast'
  if (lightness(centre(0, 0, 0)) >= 0.1 || contrast <= 0.9) return 'faded: less contrast, lifted blacks'
  return 'gentle: a little of each'
}

/** A title is told where the name does not show it. */
function named({ name, title }: Filter): string {
  return title.toLowerCase() === name ? `\`${name}\`` : `\`${name}\` (${title})`
}

test('readme: every preset is there with what it gives, and no other', () => {
  assert.deepEqual(
    rowsBelow('| preset | what it gives |'),
    presets.map(({ name, summary }) => `| \`${name}\` | ${summary} |`),
  )
})

test('readme: every filter is there by what it does, and no other', () => {
  const rows = Map.groupBy(filters, lookOf)
  const looks = [
    'black and white',
    'warmer',
    'cooler',
    'stronger: more contrast',
    'faded: less contrast, lifted blacks',
    'gentle: a little of each',
  ]
  assert.deepEqual(
    rowsBelow('| filters | |'),
    looks.map((look) => `| ${look} | ${(rows.get(look) ?? []).map(named).join(', ')} |`),
  )
  const dark = filters.filter((filter) => {
    const { centre, corners } = mixersOf(filter)
    return corners && lightness(corners(0.5, 0.5, 0.5)) < lightness(centre(0.5, 0.5, 0.5)) - 0.1
  })
  assert.ok(
    readme.includes(`Corners get darker with ${dark.map(({ name }) => `\`${name}\``).join(', ')}.`),
    dark.map(({ name }) => `\`${name}\``).join(', '),
  )
})

test('openapi: every preset is described', () => {
  const words = openapi.paths['/v1/uploads'].post.parameters.find(({ name }) => name === 'preset')?.description ?? ''
  assert.deepEqual(
    presets.filter(({ name }) => !words.includes(`\`${name}\``)).map(({ name }) => name),
    [],
  )
})
