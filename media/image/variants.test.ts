import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { planVariants } from '../../domain/plan-variants.ts'
import { full } from '../../domain/presets/full.ts'
import { createDeveloper } from './develop.ts'
import { examine } from './examine.ts'
import { busyPixels, middleOf } from './specimens.ts'

const develop = createDeveloper(limits)
const photo = await sharp(busyPixels(1600, 1200), { raw: { width: 1600, height: 1200, channels: 3 } })
  .blur(2)
  .jpeg({ quality: 92 })
  .toBuffer()
const { probe } = examine(photo, limits)
const preset = { ...full, image: { ...full.image, widths: [1440, 640, 320] } }

test('variants: a size of the ladder has the very bytes of the eager rendition, with a look and without', async () => {
  for (const look of [{ filter: null }, { filter: 'clarendon', edits: { contrast: 20 } }]) {
    const eagerPlan = planImage(probe, preset, { ...look, version: 1 })
    const eager = await develop(photo, eagerPlan, () => {})
    for (const name of ['w1440.webp', 'w320.jpg', 'w320.avif']) {
      const index = eagerPlan.renditions.findIndex((rendition) => rendition.name === name)
      const { width = 0, format = 'jpeg' } = eagerPlan.renditions[index] ?? {}
      const plan = planVariants(probe, preset, { ...look, version: 1 }, [{ variant: { width, format }, place: 0 }])
      const [made] = (await develop(photo, plan, () => {})).files
      assert.ok(made && Buffer.compare(made, eager.files[index] ?? Buffer.alloc(0)) === 0, `${name} with ${look.filter}`)
    }
  }
})

test('variants: boxes are filled, and each filter of a set is of the picture as it came', async () => {
  const red = await sharp({ create: { width: 900, height: 600, channels: 3, background: '#3c6eaa' } })
    .png()
    .toBuffer()
  const names = ['none', 'clarendon', 'moon', 'none']
  const placed = names.map((filter, place) => ({ variant: { width: 120, filter, format: 'webp' as const }, place }))
  const plan = planVariants(examine(red, limits).probe, preset, { filter: 'mono', version: 1 }, placed)
  const { files } = await develop(red, plan, () => {})
  const colours = await Promise.all(files.map(async (file) => (await middleOf(file)).join()))
  assert.equal(colours[0], colours[3], 'no filter has touched the picture itself')
  assert.equal(new Set(colours).size, 3)
  const boxed = planVariants(examine(red, limits).probe, preset, { filter: null, version: 1 }, [
    { variant: { width: 100, height: 300, fill: true, format: 'jpeg' }, place: 0 },
  ])
  const [box] = (await develop(red, boxed, () => {})).files
  const { width, height } = await sharp(box).metadata()
  assert.deepEqual([width, height], [100, 300])
})
