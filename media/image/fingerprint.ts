import type { SeenFingerprint } from '../../domain/fingerprint.ts'
import { pdqOf, pdqSideMax } from '../fingerprint/pdq.ts'
import { type Picture, pipelineOf } from './picture.ts'

/** Rec. 601's weights, of which PDQ's lightness is made. */
const [RED, GREEN, BLUE] = [0.299, 0.587, 0.114]

/** The fingerprint of a picture, and its hashes in the eight ways it can be turned and mirrored. */
export async function fingerprintOf(picture: Picture): Promise<SeenFingerprint> {
  const { data, info } = await pipelineOf(picture)
    .flatten({ background: '#ffffff' })
    // Always to the same size, also from fewer pixels: then a thumbnail is blurred as the photo is that it was made of.
    .resize({ width: pdqSideMax, height: pdqSideMax, fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { width, height } = info
  const light = Float32Array.from(
    { length: width * height },
    (_, at) => RED * (data[at * 3] ?? 0) + GREEN * (data[at * 3 + 1] ?? 0) + BLUE * (data[at * 3 + 2] ?? 0),
  )
  return pdqOf({ data: light, width, height })
}
