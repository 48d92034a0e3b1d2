import sharp from 'sharp'
import { admitImage, orientedSize } from '../../domain/plan-image.ts'
import type { ImageProbe } from '../../domain/plans.ts'
import { shaper } from './decode.ts'
import type { DecodeLimits } from './examine.ts'
import { gainMapIn } from './gain-map.ts'
import { withGainMap } from './gain-map-jpeg.ts'
import { readJpegHeader } from './header-jpeg.ts'

const QUALITY = 85

/** Puts the source's gain map behind a JPEG rendition of a size. */
export type GainSizer = (jpeg: Uint8Array, width: number, height: number) => Promise<Uint8Array>

/**
 * The gain map of a JPEG, decoded upright, for its renditions; null where there is none that can be decoded: what is
 * lost then is brightness on some screens, and no picture. It has as many pixels for each of the picture's as in the source.
 */
export async function gainSizerOf(bytes: Uint8Array, probe: ImageProbe, limits: DecodeLimits): Promise<GainSizer | null> {
  const map = gainMapIn(bytes)
  if (!map) return null
  try {
    const header = readJpegHeader(map.jpeg)
    admitImage(header.probe, limits)
    const grey = map.meaning.channels.length === 1
    const lying = { ...header.probe, orientation: probe.orientation }
    const size = orientedSize(lying)
    const share = Math.min(1, size.width / orientedSize(probe).width)
    // Its numbers are no colours: no profile is applied to them.
    const opened = sharp(map.jpeg, { failOn: 'error', limitInputPixels: limits.imagePixelsMax, sequentialRead: true, ignoreIcc: true })
    const pixels = shaper(lying, size)(opened).toColourspace(grey ? 'b-w' : 'srgb')
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
      return withGainMap(jpeg, encoded, map.meaning)
    }
  } catch {
    return null
  }
}
