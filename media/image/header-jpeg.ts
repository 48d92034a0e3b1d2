import { startsWith } from '../../domain/bytes.ts'
import { MediaError } from '../../domain/errors.ts'
import { orientationOf } from '../metadata/orientation.ts'
import { clipBehind } from './clip-within.ts'
import { corrupt, type ImageHeader, viewOf } from './header-parts.ts'

const EXIF_LEAD = [0x45, 0x78, 0x69, 0x66, 0x00, 0x00]
const SOS = 0xda
const EOI = 0xd9
const APP1 = 0xe1
/** Each is a pass over the whole picture; encoders make a dozen, also where a second picture follows. */
const SCANS_MAX = 100

interface Frame {
  readonly width: number
  readonly height: number
  readonly components: number
  readonly progressive: boolean
  /** Samples per pixel over all components, after chroma subsampling. */
  readonly samplesPerPixel: number
}

/** Markers up to the first scan (ITU-T T.81, annex B). MEDIA_CORRUPT, MEDIA_TYPE_UNSUPPORTED, MEDIA_TOO_COSTLY. */
export function readJpegHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes)
  if (!startsWith(bytes, [0xff, 0xd8])) throw corrupt('The JPEG does not start with its marker.')
  let frame: Frame | null = null
  let exif: Uint8Array | null = null
  let offset = 2
  for (;;) {
    // Decoders skip stray bytes between segments, and any marker may be preceded by fill bytes (B.1.1.2).
    while (offset < bytes.length && bytes[offset] !== 0xff) offset++
    while (offset < bytes.length && bytes[offset] === 0xff) offset++
    const marker = bytes[offset++]
    if (marker === undefined || marker === EOI) throw corrupt('The JPEG ends before its picture.')
    if (standsAlone(marker)) continue
    if (offset + 2 > bytes.length) throw corrupt('The JPEG ends within its header.')
    const length = view.getUint16(offset)
    if (length < 2 || offset + length > bytes.length) throw corrupt('A segment of the JPEG goes beyond its end.')
    const segment = bytes.subarray(offset + 2, offset + length)
    offset += length
    if (marker === APP1 && exif === null && startsWith(segment, EXIF_LEAD)) exif = segment.subarray(EXIF_LEAD.length)
    if (isFrame(marker)) {
      if (frame) throw corrupt('The JPEG has two frame headers.')
      frame = readFrame(marker, segment)
    }
    if (marker === SOS) {
      if (!frame) throw corrupt('The JPEG has a scan before its frame header.')
      const clip = clipBehind(bytes, offset)
      const scans = 1 + scansIn(bytes.subarray(offset, clip?.start))
      if (scans > SCANS_MAX) throw new MediaError('MEDIA_TOO_COSTLY', `The JPEG has ${scans} scans.`)
      const severalScans = frame.progressive || (segment[0] ?? 0) < frame.components
      return {
        probe: {
          type: 'image/jpeg',
          width: frame.width,
          height: frame.height,
          orientation: exif ? orientationOf(exif) : 1,
          frames: 1,
          hasAlpha: false,
          heldWhole: severalScans,
          // With several scans every coefficient is kept, in 16 bits, until the last one.
          decodeBytesPerPixel: severalScans ? 2 * frame.samplesPerPixel : frame.components,
          ...(clip ? { clip } : {}),
        },
        exif,
        ...(clip ? { stillBytes: clip.start } : {}),
      }
    }
  }
}

/** Within coded data a byte of ones is stuffed, so that these two are always a scan's marker. */
function scansIn(bytes: Uint8Array): number {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const marker = Buffer.of(0xff, SOS)
  let scans = 0
  for (let at = file.indexOf(marker); at !== -1 && scans <= SCANS_MAX; at = file.indexOf(marker, at + 2)) scans++
  return scans
}

/** Zero is a stuffed byte; RST, SOI and TEM have no length (table B.1). */
function standsAlone(marker: number): boolean {
  return marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)
}

/** SOF0 to SOF15 without DHT, JPG and DAC, which lie among them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

function readFrame(marker: number, segment: Uint8Array): Frame {
  // SOF0, 1, 2: Huffman. From 9 on: arithmetic. The rest are lossless or hierarchical.
  if (![0xc0, 0xc1, 0xc2].includes(marker))
    throw new MediaError(
      'MEDIA_TYPE_UNSUPPORTED',
      `This is a JPEG with ${marker >= 0xc9 ? 'arithmetic coding' : 'lossless or hierarchical coding'}.`,
    )
  const [precision = 0, heightHigh = 0, heightLow = 0, widthHigh = 0, widthLow = 0, components = 0] = segment
  if (precision !== 8) throw new MediaError('MEDIA_TYPE_UNSUPPORTED', `This is a JPEG of ${precision} bits.`)
  const [width, height] = [widthHigh * 256 + widthLow, heightHigh * 256 + heightLow]
  if (width === 0 || height === 0) throw corrupt('The JPEG does not tell its size.')
  if (components < 1 || components > 4 || segment.length < 6 + 3 * components) throw corrupt('The frame header of the JPEG is damaged.')
  const factors = Array.from({ length: components }, (_, index) => {
    const packed = segment[7 + 3 * index] ?? 0
    return { across: packed >> 4, down: packed & 15 }
  })
  if (factors.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4))
    throw corrupt('The JPEG has impossible sampling factors.')
  const most = Math.max(...factors.map(({ across }) => across)) * Math.max(...factors.map(({ down }) => down))
  const samplesPerPixel = factors.reduce((sum, { across, down }) => sum + across * down, 0) / most
  return { width, height, components, progressive: marker === 0xc2, samplesPerPixel }
}
