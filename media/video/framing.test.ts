import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import type { Framing } from '../../domain/framing.ts'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { createDeveloper } from '../image/develop.ts'
import { examine } from '../image/examine.ts'
import { flags } from './command.ts'
import { ffmpeg, little, makeClip, must, studioIn } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-framing-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

const develop = createDeveloper(limits)
const source = makeClip(folder, 'still.mp4', {
  size: '320x200',
  seconds: 1,
  silent: true,
  picture: 'color=c=black',
  more: [
    '-vf',
    "geq=lum='60+X/3':cb='108+Y/5':cr='128+20*sin(X/40)*cos(Y/30)'",
    '-crf',
    '1',
    ...flags('-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'),
  ],
})
ffmpeg(
  folder,
  '-i',
  source,
  '-frames:v',
  '1',
  '-vf',
  'scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int,format=rgb24',
  'still.png',
)
const still = readFileSync(join(folder, 'still.png'))

/** Of the photo what of the video is shown, at the size of the video's poster. */
async function bothWays(framing: Framing) {
  const look = { filter: null, edits: { framing } }
  const { probe } = await studio.probe(source, 'video/mp4')
  const frame = await sharp(await studio.poster(source, planVideo(probe, little, look), {}))
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { width } = frame.info
  const preset = { ...little, image: { widths: [width], formats: [{ format: 'webp', quality: 100 } as const] } }
  const plan = planImage(examine(still, limits).probe, preset, { ...look, version: 1 })
  const { files } = await develop(still, plan, () => undefined)
  const photo = await sharp(must(files[0])).resize(width, frame.info.height, { fit: 'fill' }).raw().toBuffer()
  return { photo, video: frame.data, width, height: frame.info.height }
}

test('framing: of a video the same is shown as of a photo', async () => {
  for (const framing of [
    { crop: { unit: 'percent', x: 50, y: 0, width: 50, height: 50 } },
    { crop: { unit: 'pixels', x: 20, y: 40, width: 200, height: 150 }, flip: 'horizontal', rotate: 90 },
    { flip: 'vertical', rotate: 270 },
    { rotate: 180, straighten: 8 },
    { straighten: -20 },
  ] as const satisfies readonly Framing[]) {
    const { photo, video } = await bothWays(framing)
    const off = video.reduce((sum, value, at) => sum + Math.abs(value - (photo[at] ?? 0)), 0) / video.length
    assert.ok(off < 4, `${JSON.stringify(framing)}: off by ${off}`)
  }
})

test('framing: a chunk of a framed video has the size that was planned', async () => {
  const { probe } = await studio.probe(source, 'video/mp4')
  const framing: Framing = { crop: { unit: 'percent', x: 0, y: 0, width: 50, height: 100 }, rotate: 90, straighten: 3 }
  const plan = planVideo(probe, little, { filter: null, edits: { framing } })
  const [rung] = await studio.encodeChunk(source, plan, must(plan.chunks[0]), {})
  assert.ok(must(rung).segments.length > 0)
  assert.ok(plan.width > plan.height)
})
