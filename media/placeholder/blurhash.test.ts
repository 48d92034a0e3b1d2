import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, isBlurhashValid } from 'blurhash'
import { blurhashOf } from './blurhash.ts'

const pixels = (width: number, height: number, channels: 3 | 4, colour: readonly number[]) => ({
  data: Uint8Array.from({ length: width * height * channels }, (_, at) => colour[at % channels] ?? 255),
  width,
  height,
  channels,
})

test('blurhash: it is valid, of one length, and gives the colour back', () => {
  for (const channels of [3, 4] as const)
    for (const lying of [true, false]) {
      const hash = blurhashOf(pixels(32, 32, channels, [200, 120, 40]), lying)
      assert.equal(hash.length, 28)
      assert.ok(isBlurhashValid(hash).result)
      const decoded = decode(hash, 16, 16)
      const mean = [200, 120, 40].map(
        (_, channel) => decoded.filter((_, at) => at % 4 === channel).reduce((sum, value) => sum + value, 0) / 256,
      )
      assert.ok(Math.abs((mean[0] ?? 0) - 200) + Math.abs((mean[1] ?? 0) - 120) + Math.abs((mean[2] ?? 0) - 40) < 40, mean.join())
    }
})
