import sharp, { type Sharp } from 'sharp'
import { admitImage, orientedSize } from '../../domain/plan-image.ts'
import type { ImageProbe } from '../../domain/plans.ts'
import type { Rights } from '../metadata/rights.ts'
import { asStillAvif } from './avif-still.ts'
import { shaper } from './decode.ts'
import type { DecodeLimits } from './examine.ts'
import { type GainMap, gainMapIn } from './gain-map.ts'
import { withGainMap } from './gain-map-jpeg.ts'
import type { ImageHeader } from './header-parts.ts'
import { readJpegHeader } from './header-jpeg.ts'
import type { HeicDecoder } from './heic.ts'
import { withPrimary } from './heif-gain.ts'

const QUALITY = 85

/** Puts the source's gain map behind a JPEG rendition of a size, with the rights that it is to name. */
export type GainSizer = (jpeg: Uint8Array, width: number, height: number) => Promise<Uint8Array>

/** A source's gain map: what it means, and its pixels as they are stored. */
interface Opened extends Pick<GainMap, 'meaning' | 'values'> {
  readonly probe: ImageProbe
  readonly pipeline: Sharp
}

/** Whether a picture has a gain map, understood or not. */
export function hasGainMap(bytes: Uint8Array, { probe, gain }: ImageHeader): boolean {
  return probe.type === 'image/jpeg' ? gainMapIn(bytes) !== null : gain !== undefined
}

/**
 * The gain map of a photo, decoded upright, for its renditions; null where there is none that can be decoded: what is
 * lost then is brightness on some screens, and no picture. It has as many pixels for each of the picture's as in the source.
 */
export async function gainSizerOf(
  bytes: Uint8Array,
  header: ImageHeader,
  limits: DecodeLimits,
  decodeHeic: HeicDecoder,
  rights: Rights = {},
): Promise<GainSizer | null> {
  const { probe } = header
  try {
    const map = probe.type === 'image/jpeg' ? openedJpeg(bytes, probe, limits) : await openedHeif(bytes, header, limits, decodeHeic)
    if (!map) return null
    const grey = map.meaning.channels.length === 1
    const size = orientedSize(map.probe)
    const share = Math.min(1, size.width / orientedSize(probe).width)
    const pixels = shaper(
      map.probe,
      size,
    )(map.pipeline)
      .removeAlpha()
      .toColourspace(grey ? 'b-w' : 'srgb')
    const { data, info } = await pixels.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    if (map.values) for (const [at, value] of data.entries()) data[at] = map.values[value] ?? value
    const raw = { width: info.width, height: info.height, channels: info.channels }
    return async (jpeg, width, height) => {
      const scaled = { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) }
      const sized = sharp(data, { raw }).resize({ ...scaled, fit: 'fill', kernel: 'lanczos3' })
      const encoded = await sized
        .toColourspace(grey ? 'b-w' : 'srgb')
        .jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' })
        .toBuffer()
      return withGainMap(jpeg, encoded, map.meaning, rights)
    }
  } catch {
    return null
  }
}

// Its numbers are no colours: no profile is applied to them.
const plainly = ({ imagePixelsMax }: DecodeLimits) =>
  ({ failOn: 'error', limitInputPixels: imagePixelsMax, sequentialRead: true, ignoreIcc: true }) as const

/** Behind the picture, as a JPEG that lies as that does. */
function openedJpeg(bytes: Uint8Array, { orientation }: ImageProbe, limits: DecodeLimits): Opened | null {
  const map = gainMapIn(bytes)
  if (!map) return null
  const header = readJpegHeader(map.jpeg)
  admitImage(header.probe, limits)
  return { ...map, probe: { ...header.probe, orientation }, pipeline: sharp(map.jpeg, plainly(limits)) }
}

/** Within the file, as a picture of its own that its decoder turns upright. */
async function openedHeif(
  bytes: Uint8Array,
  { probe, gain }: ImageHeader,
  limits: DecodeLimits,
  decodeHeic: HeicDecoder,
): Promise<Opened | null> {
  if (!gain) return null
  const file = withPrimary(bytes, gain.item)
  if (probe.type === 'image/heic') {
    const { data, width, height, channels } = await decodeHeic(file)
    return { ...gain, probe: { ...probe, width, height }, pipeline: sharp(data, { raw: { width, height, channels } }) }
  }
  const avif = asStillAvif(file)
  const { pagePrimary = 0, width, height } = await sharp(avif, plainly(limits)).metadata()
  return { ...gain, probe: { ...probe, width, height }, pipeline: sharp(avif, { ...plainly(limits), page: pagePrimary }) }
}
