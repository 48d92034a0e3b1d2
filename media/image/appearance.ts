import type { Appearance } from '../../domain/media.ts'
import { blurhashOf } from '../placeholder/blurhash.ts'
import { paletteOf } from '../placeholder/palette.ts'
import { thumbhashOf, thumbhashSideMax } from '../placeholder/thumbhash.ts'
import { type Picture, pictureFrom, pipelineOf } from './picture.ts'

/** Side of the square that the blurhash is computed from: its cost grows with the pixels, what it holds does not. */
const BLURHASH_SIDE = 32

/** What is told of a picture's looks, all from the same few pixels, whose cost does not grow with the picture. */
export async function appearanceOf(picture: Picture): Promise<{ readonly blurhash: string } & Appearance> {
  const little = await pictureFrom(
    pipelineOf(picture).resize({ width: thumbhashSideMax, height: thumbhashSideMax, fit: 'inside', withoutEnlargement: true }),
  )
  const opaque = await pictureFrom(pipelineOf(little).flatten({ background: '#ffffff' }))
  const square = await pictureFrom(pipelineOf(opaque).resize({ width: BLURHASH_SIDE, height: BLURHASH_SIDE, fit: 'fill' }))
  return {
    blurhash: blurhashOf(square, picture.width >= picture.height),
    thumbhash: thumbhashOf(little),
    palette: paletteOf(little),
    focus: await focusOf(opaque),
  }
}

/**
 * Where one looks first: libvips' attention, which goes by skin, saturation and detail. It is told with a crop, so the
 * half of the height is asked for at the size that the picture has.
 */
async function focusOf(picture: Picture): Promise<Appearance['focus']> {
  const { width, height } = picture
  const half = { width, height: Math.max(1, height >> 1) }
  const { info } = await pipelineOf(picture)
    .resize({ ...half, fit: 'cover', position: 'attention' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const share = (at: number | undefined, side: number) =>
    at === undefined ? 0.5 : Math.min(1, Math.max(0, Math.round((100 * (at + 0.5)) / side) / 100))
  return { x: share(info.attentionX, width), y: share(info.attentionY, height) }
}
