import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { lossTexts } from '../../domain/losses.ts'
import { planImage } from '../../domain/plan-image.ts'
import { standard } from '../../domain/presets/standard.ts'
import { displayP3 } from './display-p3.ts'
import { examine } from './examine.ts'
import { flat, iccChunk, middleOf, withChunks } from './specimens.ts'
import { codedIn, heif, properties } from './specimens-heif.ts'
import { createImageStudio } from './studio.ts'

const studio = createImageStudio({ slots: 1, limits })
after(async () => await studio.close())

async function lost(bytes: Buffer, filter: string | null = null) {
  const plan = planImage(examine(bytes, limits).probe, standard, { filter, version: 1 })
  return (await studio.develop(bytes, plan, {})).losses
}

async function shownFirst(bytes: Buffer): Promise<Buffer> {
  const plan = planImage(examine(bytes, limits).probe, standard, { filter: null, version: 1 })
  return Buffer.from((await studio.develop(bytes, plan, {})).files[1]?.data ?? [])
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
  const avif = codedIn(
    await sharp({ create: { width: 64, height: 48, channels: 3, background: '#8a7a6a' } })
      .avif()
      .toBuffer(),
  )
  // Its first brand is that of sequences, which libvips does not know.
  const sequence = heif({ coded: avif, codec: 'av01', brand: 'avis', boxes: [movie] })
  assert.deepEqual(await lost(sequence), ['animation'])
  assert.deepEqual(
    await middleOf(await shownFirst(sequence)),
    await middleOf(await shownFirst(heif({ coded: avif, codec: 'av01', brand: 'avif' }))),
  )
  assert.deepEqual(await lost(heif({ properties: [properties.codePoints(9, 16, 9)] })), ['hdr'])
  assert.deepEqual(await lost(deep), ['depth'])
  assert.deepEqual(await lost(wide), [])
  assert.deepEqual(await lost(wide, 'clarendon'), ['gamut'])
  for (const text of Object.values(lossTexts)) assert.match(text, /^[A-Z].*\.$/)
})
