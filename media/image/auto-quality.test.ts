import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { auto } from '../../domain/presets/auto.ts'
import { qualityRanges } from '../../domain/quality.ts'
import { createTargetEncoder } from './auto-quality.ts'
import { encoders } from './encoders.ts'
import { type Picture, pictureFrom } from './picture.ts'
import { busyPixels, flat } from './specimens.ts'
import { lumaOf, structuralSimilarity } from './ssim.ts'
import { createImageStudio } from './studio.ts'

const busy: Picture = { data: Buffer.from(busyPixels(480, 320)), width: 480, height: 320, channels: 3 }
const smooth = async () => await pictureFrom(sharp(busy.data, { raw: busy }).blur(6))
const ssimOf = async (picture: Picture, file: Uint8Array) => structuralSimilarity(lumaOf(picture), lumaOf(await pictureFrom(sharp(file))))

test('auto quality: a file keeps the structure asked for, and a smooth picture takes a lower quality than a busy one', async () => {
  const target = 0.95
  for (const format of ['jpeg', 'webp'] as const) {
    const encodeTo = createTargetEncoder(() => {})
    const [hard, easy] = [await encodeTo(busy, format, 70, target), await createTargetEncoder(() => {})(await smooth(), format, 70, target)]
    if (hard.quality < qualityRanges[format].max) assert.ok((await ssimOf(busy, hard.data)) >= target - 0.002, format)
    assert.ok(easy.quality < hard.quality, `${format}: ${easy.quality} and ${hard.quality}`)
    assert.deepEqual(hard.data, await encoders[format](busy, hard.quality), `${format} is what its quality gives`)
  }
})

test('auto quality: a target out of reach takes the highest quality of the range, an idle one the lowest', async () => {
  const encodeTo = createTargetEncoder(() => {})
  for (const [target, quality] of [
    [1, qualityRanges.jpeg.max],
    [0, qualityRanges.jpeg.min],
  ] as const)
    assert.equal((await encodeTo(busy, 'jpeg', 70, target)).quality, quality)
})

test('auto quality: the same pixels are 1, others less, and what cannot be compared is a mistake of ours', () => {
  const luma = lumaOf(busy)
  assert.equal(structuralSimilarity(luma, luma), 1)
  const inverse = { ...luma, data: luma.data.map((value) => 255 - value) }
  assert.ok(structuralSimilarity(luma, inverse) < 0.2)
  const tiny = { data: new Uint8Array([1, 2, 3]), width: 3, height: 1 }
  assert.equal(structuralSimilarity(tiny, tiny), 1)
  assert.throws(() => structuralSimilarity(luma, tiny), /cannot be compared/)
})

test('auto quality: in a child that may load PNG alone the preset makes its whole ladder, item after item', async (context) => {
  const studio = createImageStudio({ slots: 1, limits })
  context.after(async () => await studio.close())
  for (const bytes of [await flat([9, 90, 200, 128], 'png', 320), await flat([9, 90, 200], 'png', 320)]) {
    const plan = planImage(await studio.probe(bytes, 'image/png'), auto, { filter: null, version: 1 })
    const { files } = await studio.develop(bytes, plan, {})
    assert.deepEqual(
      files.map(({ name }) => name),
      ['w320.jpg', 'w320.webp', 'w150.jpg', 'w150.webp'],
    )
  }
})
