import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import type { Framing } from '../../domain/framing.ts'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { full } from '../../domain/presets/full.ts'
import { createDeveloper } from './develop.ts'
import { examine } from './examine.ts'

const develop = createDeveloper(limits)
const [WIDTH, HEIGHT] = [96, 64]

/** A picture of which no part looks like another, and smooth enough to be interpolated. */
const smooth = sharp(
  Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % WIDTH, Math.floor(at / 3 / WIDTH)]
    return [2 * x + 20, 3 * y + 20, 128 + 90 * Math.sin(x / 9) * Math.cos(y / 11)][at % 3] ?? 0
  }),
  { raw: { width: WIDTH, height: HEIGHT, channels: 3 } },
)

async function framed(bytes: Uint8Array, framing: Framing) {
  // A preset whose only rendition loses next to nothing.
  const preset = { ...full, image: { widths: [WIDTH], formats: [{ format: 'webp', quality: 100 } as const] } }
  const plan = planImage(examine(bytes, limits).probe, preset, { filter: null, edits: { framing }, version: 1 })
  const { files } = await develop(bytes, plan, () => undefined)
  const { data, info } = await sharp(files[0]).raw().toBuffer({ resolveWithObject: true })
  assert.deepEqual([info.width, info.height], [plan.width, plan.height])
  return { data, width: info.width, height: info.height }
}

function meanOff(one: Uint8Array, other: Uint8Array): number {
  assert.equal(one.length, other.length)
  return one.reduce((sum, value, at) => sum + Math.abs(value - (other[at] ?? 0)), 0) / one.length
}

test('framing: crop, flip and rotation are the same as done one after the other, whatever the orientation', async () => {
  for (let orientation = 1; orientation <= 8; orientation++)
    for (const [flip, rotate] of [
      [undefined, 90],
      ['horizontal', 270],
      ['vertical', undefined],
      ['vertical', 90],
    ] as const) {
      const bytes = await smooth.clone().withMetadata({ orientation }).png().toBuffer()
      const upright = await sharp(bytes).autoOrient().png().toBuffer()
      const crop = { left: 7, top: 11, width: 40, height: 30 }
      const part = await sharp(upright).extract(crop).png().toBuffer()
      const mirrored = sharp(part)
        .flop(flip === 'horizontal')
        .flip(flip === 'vertical')
      const expected = await sharp(await mirrored.png().toBuffer())
        .rotate(rotate ?? 0)
        .raw()
        .toBuffer()
      const framing: Framing = {
        crop: { unit: 'pixels', x: crop.left, y: crop.top, width: crop.width, height: crop.height },
        ...(flip === undefined ? {} : { flip }),
        ...(rotate === undefined ? {} : { rotate }),
      }
      const { data } = await framed(bytes, framing)
      assert.ok(meanOff(data, expected) < 2, `orientation ${orientation}, ${flip}, ${rotate}: ${meanOff(data, expected)}`)
    }
})

test('framing: a straightened picture is turned clockwise about its middle, and nothing but picture is seen', async () => {
  const bytes = await smooth.clone().png().toBuffer()
  const source = await smooth.clone().raw().toBuffer()
  for (const degrees of [-45, -12.5, 0.5, 7, 45]) {
    const { data, width, height } = await framed(bytes, { straighten: degrees })
    const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
    let sum = 0
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        // Turned back: where the pixel comes from.
        const [dx, dy] = [x - (width - 1) / 2, y - (height - 1) / 2]
        const fromX = Math.min(WIDTH - 1, Math.max(0, Math.round(cos * dx + sin * dy + (WIDTH - 1) / 2)))
        const fromY = Math.min(HEIGHT - 1, Math.max(0, Math.round(cos * dy - sin * dx + (HEIGHT - 1) / 2)))
        for (let channel = 0; channel < 3; channel++)
          sum += Math.abs((data[(y * width + x) * 3 + channel] ?? 0) - (source[(fromY * WIDTH + fromX) * 3 + channel] ?? 0))
      }
    assert.ok(sum / data.length < 4, `${degrees} degrees: off by ${sum / data.length}`)
  }
})
