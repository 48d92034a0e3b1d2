import sharp from 'sharp'
import { LANDSCAPE, landscapeSvg } from './landscape.ts'

/** Words that the sample's metadata is full of: none of them may be found in what is made from it. */
export const samplePhotoSecrets = ['Lumiere', 'Darkroom Sample 6', 'Ada Example', 'secret-lake'] as const

/** Where and when it claims to have been taken. */
export const samplePhotoFacts = { latitude: 46.5586, longitude: 7.8919, takenAt: '2024-08-17T20:41:05' } as const

const GRAIN = 7

/**
 * A photo as a phone would hand it over, always the same: 4 MP, stored lying with EXIF orientation 6 (upright it is
 * 1600 x 2400), with camera, time, GPS position and XMP. Takes below a second.
 */
export async function makeSamplePhoto(): Promise<Uint8Array> {
  const { data, info } = await sharp(Buffer.from(landscapeSvg()), { limitInputPixels: LANDSCAPE.width * LANDSCAPE.height })
    .removeAlpha()
    // Upright again after the quarter turn to the right that orientation 6 asks of viewers.
    .rotate(270)
    .raw()
    .toBuffer({ resolveWithObject: true })
  addGrain(data)
  return await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .withExifMerge({
      IFD0: { Make: 'Lumiere', Model: 'Darkroom Sample 6', Software: 'darkroom sample', Artist: 'Ada Example' },
      IFD2: { DateTimeOriginal: '2024:08:17 20:41:05' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '46/1 33/1 3096/100', GPSLongitudeRef: 'E', GPSLongitude: '7/1 53/1 3084/100' },
    })
    .withXmp(
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="secret-lake"/></rdf:RDF></x:xmpmeta>',
    )
    .jpeg({ quality: 92, chromaSubsampling: '4:2:0' })
    .toBuffer()
}

/** Sensor noise from a small congruential generator: gradients without any would flatter every encoder. */
function addGrain(data: Buffer): void {
  let state = 0x2545f491
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    const grain = ((state >>> 24) - 128) * (GRAIN / 128)
    data[at] = Math.min(255, Math.max(0, (data[at] ?? 0) + grain))
  }
}
