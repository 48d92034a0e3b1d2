import type { Size } from '../../domain/framing.ts'
import { type Picture, pictureFrom, pipelineOf } from './picture.ts'

/** Pixels that an edge is continued by: as far as the interpolation looks. */
const EDGE = 3

/** The middle of a picture that is turned by an angle, clockwise; it has to lie within. Bicubic, as it is not scaled any more. */
export async function straightened(picture: Picture, degrees: number, { width, height }: Size): Promise<Picture> {
  const continued = await pictureFrom(pipelineOf(picture).extend({ top: EDGE, bottom: EDGE, left: EDGE, right: EDGE, extendWith: 'copy' }))
  const angle = (degrees * Math.PI) / 180
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)]
  const turned = await pictureFrom(
    pipelineOf(continued).affine(
      [
        [cos, -sin],
        [sin, cos],
      ],
      { interpolator: 'bicubic' },
    ),
  )
  const left = Math.max(0, Math.round((turned.width - width) / 2))
  const top = Math.max(0, Math.round((turned.height - height) / 2))
  return await pictureFrom(pipelineOf(turned).extract({ left, top, width, height }))
}
