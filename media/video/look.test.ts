import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { type Look, coloursOf, sharpeningOf } from '../../domain/edits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { meanDifference } from '../filters/fit/colour-difference.ts'
import { applyLut, cornerMask, frameCubesOf } from '../filters/index.ts'
import { lookLut } from '../filters/look.ts'
import { applySharpening } from '../filters/sharpen.ts'
import { flags } from './command.ts'
import { ffmpeg, little, makeClip, studioIn } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-look-'))
const studio = studioIn(folder, {
  lookOf: (look, width, height) => {
    const { centre, corners } = frameCubesOf(lookLut(look), 'look')
    return { centre, ...(corners === undefined ? {} : { corners: { cube: corners, mask: cornerMask(width, height) } }) }
  },
})
after(() => rmSync(folder, { recursive: true, force: true }))

const source = makeClip(folder, 'still.mp4', {
  size: '160x120',
  seconds: 1,
  silent: true,
  picture: 'color=c=black',
  more: [
    '-vf',
    "geq=lum='70+X/2+16*sin((X+Y)/4)':cb='108+Y/5':cr='128+20*sin(X/40)*cos(Y/30)'",
    '-crf',
    '1',
    ...flags('-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'),
  ],
})

async function frameWith(look: Look) {
  const { probe } = await studio.probe(source, 'video/mp4')
  const png = await studio.poster(source, planVideo(probe, little, look), {})
  return await sharp(png).raw().toBuffer({ resolveWithObject: true })
}

/** Pixels as they come out of a frame: luma and chroma rounded to 8 bits, chroma halved. */
function asFrame(pixels: Uint8Array, { width, height }: { readonly width: number; readonly height: number }): Uint8Array {
  writeFileSync(join(folder, 'photo.rgb'), pixels)
  const exact = 'flags=accurate_rnd+full_chroma_int'
  const graph = `format=gbrp,scale=out_color_matrix=bt709:out_range=tv:${exact},format=yuv420p,scale=in_color_matrix=bt709:in_range=tv:${exact},format=rgb24`
  const raw = flags('-f', 'rawvideo', '-pix_fmt', 'rgb24')
  return ffmpeg(folder, ...raw, '-s', `${width}x${height}`, '-i', 'photo.rgb', '-vf', graph, ...raw, '-')
}

const looks: readonly Look[] = [
  { filter: 'clarendon' },
  { filter: 'toaster', edits: { strength: 70, warmth: 30 } },
  { filter: null, edits: { vignette: 100 } },
  { filter: 'moon', edits: { vignette: 60, contrast: 20 } },
  { filter: null, edits: { sharpen: 100 } },
  { filter: 'clarendon', edits: { sharpen: 50, vignette: 30 } },
]

test('look: a frame gets what a photo gets, within 1 dE76 in the mean', async () => {
  const { data: plain, info } = await frameWith({ filter: null })
  for (const look of looks) {
    const photo = { data: Uint8Array.from(plain), width: info.width, height: info.height, channels: 3 }
    const colours = coloursOf(look)
    if (colours.filter !== null || colours.edits) applyLut(photo, lookLut(colours))
    if (sharpeningOf(look) > 0) applySharpening(photo, sharpeningOf(look))
    const { data: frame } = await frameWith(look)
    const what = JSON.stringify(look)
    assert.ok(meanDifference(plain, frame) > 0.3, `${what} changes the frame`)
    const difference = meanDifference(asFrame(photo.data, info), frame)
    assert.ok(difference <= 1, `${what}: ${difference}`)
  }
})
