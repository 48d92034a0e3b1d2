import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paletteOf } from './palette.ts'

const stripes = (widths: readonly (readonly [colour: readonly number[], columns: number])[], noise = 0) => {
  const columns = widths.flatMap(([colour, count]) => Array.from({ length: count }, () => colour))
  const data = Uint8Array.from({ length: columns.length * 10 * 3 }, (_, at) => {
    const colour = columns[Math.floor(at / 3) % columns.length] ?? []
    return Math.min(255, Math.max(0, (colour[at % 3] ?? 0) + ((at * 7919) % (2 * noise + 1)) - noise))
  })
  return { data, width: columns.length, height: 10, channels: 3 as const }
}
const near = (hex: string, colour: readonly number[]) =>
  colour.every((value, channel) => Math.abs(Number.parseInt(hex.slice(1 + 2 * channel, 3 + 2 * channel), 16) - value) <= 6)

test('palette: plain colours come with their shares, the largest first', () => {
  const palette = paletteOf(
    stripes(
      [
        [[20, 40, 160], 50],
        [[230, 220, 40], 30],
        [[200, 30, 30], 20],
      ],
      5,
    ),
  )
  assert.deepEqual(
    palette.map(({ share }) => share),
    [0.5, 0.3, 0.2],
  )
  for (const [index, colour] of [
    [20, 40, 160],
    [230, 220, 40],
    [200, 30, 30],
  ].entries())
    assert.ok(near(palette[index]?.colour ?? '', colour), `${palette[index]?.colour} for ${colour.join()}`)
})

test('palette: a picture of one colour has one, of many at most five, and what is hardly there is left out', () => {
  assert.deepEqual(paletteOf(stripes([[[0, 0, 0], 30]])), [{ colour: '#000000', share: 1 }])
  assert.equal(paletteOf(stripes([[[255, 255, 255], 30]]))[0]?.colour, '#ffffff')
  const many = Array.from({ length: 40 }, (_, index) => [[(index * 97) % 256, (index * 53) % 256, (index * 191) % 256], 2] as const)
  assert.ok(paletteOf(stripes(many)).length <= 5)
  assert.equal(
    paletteOf(
      stripes([
        [[250, 250, 250], 99],
        [[255, 0, 0], 1],
      ]),
    ).length,
    1,
  )
})

test('palette: what is transparent is no colour', () => {
  const data = Uint8Array.from({ length: 400 }, (_, at) => [255, 0, 0, at < 200 ? 255 : 0, 0][at % 4] ?? 0)
  for (let at = 203; at < 400; at += 4) data.set([0, 0, 255], at - 3)
  assert.deepEqual(paletteOf({ data, width: 100, height: 1, channels: 4 }), [{ colour: '#ff0000', share: 1 }])
})
