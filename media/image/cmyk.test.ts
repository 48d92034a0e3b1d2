import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { standard } from '../../domain/presets/standard.ts'
import { examine } from './examine.ts'
import { flat, middleOf } from './specimens.ts'
import { createImageStudio } from './studio.ts'

const studio = createImageStudio({ slots: 1, limits })
after(async () => await studio.close())

async function shown(bytes: Buffer): Promise<number[]> {
  const plan = planImage(examine(bytes, limits).probe, standard, { filter: null, version: 1 })
  const [first] = (await studio.develop(bytes, plan, {})).files
  return await middleOf(first?.data ?? new Uint8Array())
}

/** Ink on paper as Photoshop writes it: inverted, with its marker. */
async function cmyk(colour: readonly number[]): Promise<Buffer> {
  return await sharp(await flat(colour, 'png', 160))
    .toColourspace('cmyk')
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer()
}

/** Without its profile and without Photoshop's marker: segments APP2 and APP14. */
function bare(jpeg: Buffer): Buffer {
  const parts: Buffer[] = [jpeg.subarray(0, 2)]
  let at = 2
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2)
    if (jpeg[at + 1] !== 0xe2 && jpeg[at + 1] !== 0xee) parts.push(jpeg.subarray(at, end))
    at = end
  }
  return Buffer.concat([...parts, jpeg.subarray(at)])
}

test('cmyk: ink as Photoshop writes it has the colours that it was made of', async () => {
  for (const colour of [
    [255, 255, 255],
    [200, 200, 200],
    [180, 60, 50],
    [70, 110, 70],
    [60, 60, 60],
  ]) {
    const jpeg = await cmyk(colour)
    assert.ok(jpeg.includes('Adobe'))
    for (const [index, value] of (await shown(jpeg)).entries())
      assert.ok(Math.abs(value - (colour[index] ?? 0)) <= 30, `${String(await shown(jpeg))} is not ${String(colour)}`)
  }
})

test('cmyk: ink is taken for inverted without the marker too, as browsers take it', async () => {
  const colour = await cmyk([200, 200, 200])
  for (const [index, value] of (await shown(bare(colour))).entries()) assert.ok(Math.abs(value - ((await shown(colour))[index] ?? 0)) <= 2)
})
