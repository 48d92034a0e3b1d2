import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from '../../domain/errors.ts'
import { exponentsOf, type Filter, mixerOf } from './filter.ts'
import { applyLut, applyRadial, cubeOf, filterNamed, filters, lutOf } from './index.ts'

const identity: Filter = {
  name: 'identity',
  title: 'Identity',
  colour: { degree: 1, red: [0.5, 0.5, 0, 0], green: [0.5, 0, 0.5, 0], blue: [0.5, 0, 0, 0.5] },
}
let seed = 3
const random = () => (seed = (seed * 48_271) % 2_147_483_647) % 256

test('filters: each has a usable name of its own and as many coefficients as its degree has terms', () => {
  assert.equal(new Set(filters.map((filter) => filter.name)).size, filters.length)
  for (const { name, colour } of filters) {
    assert.match(name, /^[a-z0-9]+$/)
    assert.ok(colour.degree <= 5)
    for (const channel of [colour.red, colour.green, colour.blue]) assert.equal(channel.length, exponentsOf(colour.degree).length, name)
  }
  assert.equal(filterNamed('clarendon').title, 'Clarendon')
  assert.throws(
    () => filterNamed('nope'),
    (error) => codeOf(error) === 'FILTER_UNKNOWN',
  )
})

test('filters: greys never run backwards, blacks stay dark and whites stay light', () => {
  for (const { name, colour } of filters) {
    const mix = mixerOf(colour)
    const luma = Array.from({ length: 256 }, (_, value) => mix(value / 255, value / 255, value / 255)).map(
      ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b,
    )
    assert.ok(
      luma.every((value, index) => value >= (luma[index - 1] ?? 0) - 0.002),
      name,
    )
    assert.ok((luma[0] ?? 1) < 0.35 && (luma[255] ?? 0) > 0.65, name)
  }
})

test('lut: a filter that changes nothing changes nothing', () => {
  const raw = Uint8Array.from({ length: 30_000 }, random)
  const before = Uint8Array.from(raw)
  applyLut(raw, 3, lutOf(identity))
  assert.deepEqual(raw, before)
})

test('lut: red runs fastest', () => {
  const { values } = lutOf(identity, 3)
  assert.deepEqual([...values.subarray(0, 12)], [0, 0, 0, 0.5, 0, 0, 1, 0, 0, 0, 0.5, 0])
})

test('lut: every filter comes out as its exact function closely', () => {
  for (const filter of filters) {
    const raw = Uint8Array.from({ length: 60_000 }, random)
    const before = Uint8Array.from(raw)
    applyLut(raw, 3, lutOf(filter))
    const mix = mixerOf(filter.colour)
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
  applyLut(raw, 4, lutOf(filterNamed('clarendon')))
  assert.deepEqual(
    raw.filter((_, at) => at % 4 === 3),
    alphas,
  )
})

test('radial: the centre has the first gain, the corners the sum, alpha none', () => {
  const raw = new Uint8Array(101 * 51 * 4).fill(200)
  applyRadial(raw, 101, 51, 4, [1, 0, -0.5])
  const at = (x: number, y: number) => [...raw.subarray((y * 101 + x) * 4, (y * 101 + x) * 4 + 4)]
  assert.deepEqual(at(50, 25), [200, 200, 200, 200])
  assert.deepEqual(at(0, 0), [100, 100, 100, 200])
  assert.deepEqual(at(100, 50), [100, 100, 100, 200])
  const pixel = new Uint8Array([10, 20, 30])
  applyRadial(pixel, 1, 1, 3, [2])
  assert.deepEqual([...pixel], [20, 40, 60])
})

test('cube: the text holds what the cube holds', () => {
  const lines = cubeOf(filterNamed('clarendon'), 5).trimEnd().split('\n')
  assert.deepEqual(lines.slice(0, 2), ['TITLE "Clarendon"', 'LUT_3D_SIZE 5'])
  assert.equal(lines.length, 2 + 5 ** 3)
  const { values } = lutOf(filterNamed('clarendon'), 5)
  for (const [index, line] of lines.slice(2).entries())
    for (const [channel, text] of line.split(' ').entries()) assert.ok(Math.abs(Number(text) - (values[index * 3 + channel] ?? 9)) < 1e-6)
})
