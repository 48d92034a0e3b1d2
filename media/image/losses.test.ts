import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { lossTexts } from '../../domain/losses.ts'
import { planImage } from '../../domain/plan-image.ts'
import { standard } from '../../domain/presets/standard.ts'
import { displayP3 } from './display-p3.ts'
import { examine } from './examine.ts'
import { flat, iccChunk, withChunks } from './specimens.ts'
import { heif, properties } from './specimens-heif.ts'
import { createImageStudio } from './studio.ts'

const studio = createImageStudio({ slots: 1, limits })
after(async () => await studio.close())

async function lost(bytes: Buffer, filter: string | null = null) {
  const plan = planImage(examine(bytes, limits).probe, standard, { filter, version: 1 })
  return (await studio.develop(bytes, plan, {})).losses
}

test('losses: what the renditions do not show of an upload is told, and nothing else', async () => {
  const movie = Buffer.from('000000086d6f6f76', 'hex')
  const wide = withChunks(await flat([240, 40, 30]), iccChunk(displayP3()))
  const deep = await sharp(new Uint16Array(3 * 64 * 64), { raw: { width: 64, height: 64, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  assert.deepEqual(await lost(heif()), [])
  assert.deepEqual(await lost(heif({ boxes: [movie] })), ['animation'])
  assert.deepEqual(await lost(heif({ properties: [properties.codePoints(9, 16, 9)] })), ['hdr'])
  assert.deepEqual(await lost(deep), ['depth'])
  assert.deepEqual(await lost(wide), [])
  assert.deepEqual(await lost(wide, 'clarendon'), ['gamut'])
  for (const text of Object.values(lossTexts)) assert.match(text, /^[A-Z].*\.$/)
})
