import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from '../../domain/errors.ts'
import { exponentsOf, type Filter, mixersOf } from './filter.ts'
import { applyLut, cornerMask, cubesOf, filterNamed, filters, lutOf } from './index.ts'

const identity: Filter = {
  name: 'identity',
  title: 'Identity',
  colour: { degree: 1, red: [0.5, 0.5, 0, 0], green: [0.5, 0, 0.5, 0], blue: [0.5, 0, 0, 0.5] },
}
let seed = 3
const row = (data: Uint8Array, channels = 3) => ({ data, width: data.length / channels, height: 1, channels })
const random = () => (seed = (seed * 48_271) % 2_147_483_647) % 256

test('filters: each has a usable name of its own and as many coefficients as its degree has terms', () => {
  assert.equal(new Set(filters.map((filter) => filter.name)).size, filters.length)
  for (const { name, colour, curves, radial } of filters) {
    assert.match(name, /^[a-z0-9]+$/)
    for (const { degree, red, green, blue } of radial ? [colour, radial] : [colour]) {
      assert.ok(degree <= 5)
      for (const channel of [red, green, blue]) assert.equal(channel.length, exponentsOf(degree).length, name)
    }
    for (const channel of Object.values(curves ?? {})) for (const curve of channel) assert.ok(curve.length >= 2 && curve.length <= 33, name)
  }
  assert.equal(filterNamed('clarendon').title, 'Clarendon')
  assert.throws(
    () => filterNamed('nope'),
    (error) => codeOf(error) === 'FILTER_UNKNOWN',
  )
})

test('filters: no grey is darker than a darker one by two of 256, blacks stay dark and whites stay light', () => {
  for (const filter of filters) {
    const { name } = filter
    const mix = mixersOf(filter).centre
    const greys = Array.from({ length: 256 }, (_, value) => mix(value / 255, value / 255, value / 255))
    for (const channel of [0, 1, 2] as const) {
      let most = 0
      for (const grey of greys) {
        assert.ok(grey[channel] > most - 2 / 255, name)
        most = Math.max(most, grey[channel])
      }
    }
    const luma = greys.map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b)
    assert.ok((luma[0] ?? 1) < 0.35 && (luma[255] ?? 0) > 0.65, name)
  }
})

test('lut: a filter that changes nothing changes nothing', () => {
  const raw = Uint8Array.from({ length: 30_000 }, random)
  const before = Uint8Array.from(raw)
  applyLut(row(raw), lutOf(identity))
  assert.deepEqual(raw, before)
})

test('lut: strength goes from nothing to the whole filter, half of it half way', () => {
  const [none, half, whole] = [0, 50, 100].map((strength) => lutOf(filterNamed('toaster'), { strength, size: 5 }))
  assert.deepEqual(none?.values, lutOf(identity, { size: 5 }).values)
  for (const part of ['values', 'corners'] as const)
    for (const [index, value] of (half?.[part] ?? []).entries())
      assert.ok(Math.abs(value - ((none?.[part]?.[index] ?? 9) + (whole?.[part]?.[index] ?? 9)) / 2) < 1e-6)
})

test('lut: red runs fastest', () => {
  const { values } = lutOf(identity, { size: 3 })
  assert.deepEqual([...values.subarray(0, 12)], [0, 0, 0, 0.5, 0, 0, 1, 0, 0, 0, 0.5, 0])
})

test('lut: every filter comes out as its exact function closely', () => {
  for (const filter of filters) {
    const raw = Uint8Array.from({ length: 15_000 }, random)
    const before = Uint8Array.from(raw)
    const { radial: _, ...flat } = filter
    applyLut(row(raw), lutOf(flat))
    const mix = mixersOf(filter).centre
    let squares = 0
    let worst = 0
    for (let at = 0; at < raw.length; at += 3) {
      const exact = mix((before[at] ?? 0) / 255, (before[at + 1] ?? 0) / 255, (before[at + 2] ?? 0) / 255)
      for (const [channel, value] of exact.entries()) {
        const off = Math.abs(value * 255 - (raw[at + channel] ?? 0))
        squares += off * off
        worst = Math.max(worst, off)
      }
    }
    const decibels = 10 * Math.log10(255 ** 2 / (squares / raw.length))
    assert.ok(decibels > 52, `${filter.name}: ${decibels} dB`)
    // Where the function is cut off at black or white, a cell has a kink that no interpolation follows.
    assert.ok(worst < 8, `${filter.name}: off by ${worst}`)
  }
})

test('lut: alpha is left alone', () => {
  const raw = Uint8Array.from({ length: 4_000 }, random)
  const alphas = raw.filter((_, at) => at % 4 === 3)
  applyLut(row(raw, 4), lutOf(filterNamed('clarendon')))
  assert.deepEqual(
    raw.filter((_, at) => at % 4 === 3),
    alphas,
  )
})

test("radial: the centre has the centre's colours, the corners theirs, alpha its own", () => {
  const darkened: Filter = { ...identity, radial: { degree: 0, red: [-0.4], green: [-0.2], blue: [0] } }
  const raw = new Uint8Array(101 * 51 * 4).fill(200)
  applyLut({ data: raw, width: 101, height: 51, channels: 4 }, lutOf(darkened))
  const at = (x: number, y: number) => [...raw.subarray((y * 101 + x) * 4, (y * 101 + x) * 4 + 4)]
  assert.deepEqual(at(50, 25), [200, 200, 200, 200])
  assert.deepEqual(at(0, 0), [98, 149, 200, 200])
  assert.deepEqual(at(100, 50), at(0, 0))
  const mask = cornerMask(101, 51)
  assert.deepEqual([mask[0], mask[25 * 101 + 50], mask.at(-1)], [255, 0, 255])
})

test('curves: each is added where it belongs, straight between its points, in the centre and in the corners', () => {
  const none = [0, 0]
  const curves = { red: [[0, 0.2, 0], none, none], green: [none, none, [0.1, 0.1, 0.3]], blue: [none, none, none] } as const
  const radial = { degree: 0, red: [-0.1], green: [0], blue: [0] }
  const mix = mixersOf({ ...identity, curves, radial })
  const near = (actual: readonly number[] | undefined, expected: readonly number[]) => {
    for (const [channel, value] of expected.entries()) assert.ok(Math.abs((actual?.[channel] ?? 9) - value) < 1e-9, String(actual))
  }
  near(mix.centre(0.25, 0.5, 0.75), [0.35, 0.7, 0.75])
  near(mix.corners?.(0.25, 0.5, 0.75), [0.25, 0.7, 0.75])
  near(mix.centre(1, 0, 1), [1, 0.3, 1])
})

test('cube: the text holds what the cube holds', () => {
  const filter = filterNamed('toaster')
  const lut = lutOf(filter, { strength: 70, size: 5 })
  const { centre, corners = '' } = cubesOf(lut, filter.title)
  for (const [text, values] of [
    [centre, lut.values],
    [corners, lut.corners ?? []],
  ] as const) {
    const lines = text.trimEnd().split('\n')
    assert.deepEqual(lines.slice(0, 2), ['TITLE "Toaster"', 'LUT_3D_SIZE 5'])
    assert.equal(lines.length, 2 + 5 ** 3)
    for (const [index, line] of lines.slice(2).entries())
      for (const [channel, number] of line.split(' ').entries())
        assert.ok(Math.abs(Number(number) - (values[index * 3 + channel] ?? 9)) < 1e-6)
  }
})
