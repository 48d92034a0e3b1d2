import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fingerprintDistanceMax, hammingDistance } from '../../domain/fingerprint.ts'
import { pdqOf } from './pdq.ts'

const waves = (width: number, height: number, seed: number) => ({
  data: Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)]
    return Math.min(
      255,
      Math.max(0, 127 + 60 * Math.sin(x / (7 + seed) + seed) + 50 * Math.cos(y / (9 + seed)) * Math.sin((x + y) / (31 - seed))),
    )
  }),
  width,
  height,
})

test('pdq: known pictures have the hash and the quality that the published implementation gives', () => {
  for (const [width, height, seed, quality, hash] of [
    [300, 200, 2, 100, 'ff47fd52ff87f552fc075552dc0755520007aaad0007aaad00075552fff85552'],
    [64, 64, 3, 61, 'f64feb00ec3feaa8daabacd0ad9bc840bfbb4e00bbbf3400bbbf000055554555'],
    [97, 411, 5, 100, 'fffe55540001aaab0401aaab6101aaab3aabaaabeeab00015554fffe5501fffe'],
  ] as const) {
    const pdq = pdqOf(waves(width, height, seed))
    assert.deepEqual([pdq.quality, pdq.hash], [quality, hash])
  }
})

test('pdq: a picture turned or mirrored has one of the eight hashes of the picture as it was', () => {
  const { data, width, height } = waves(300, 200, 2)
  const { turned } = pdqOf({ data, width, height })
  assert.equal(new Set(turned).size, 8)
  const at = (x: number, y: number) => data[y * width + x] ?? 0
  const ways = [
    { width, height, from: (x: number, y: number) => at(width - 1 - x, y) },
    { width, height, from: (x: number, y: number) => at(width - 1 - x, height - 1 - y) },
    { width: height, height: width, from: (x: number, y: number) => at(y, x) },
    { width: height, height: width, from: (x: number, y: number) => at(y, height - 1 - x) },
  ]
  for (const { from, ...size } of ways) {
    const other = Uint8Array.from({ length: data.length }, (_, pixel) => from(pixel % size.width, Math.floor(pixel / size.width)))
    const { hash } = pdqOf({ data: other, ...size })
    assert.ok(Math.min(...turned.map((one) => hammingDistance(one, hash))) <= fingerprintDistanceMax)
  }
})

test('pdq: a plain surface has no quality', () => {
  assert.equal(pdqOf({ data: new Uint8Array(6400).fill(90), width: 80, height: 80 }).quality, 0)
})
