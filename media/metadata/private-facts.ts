import exifr from 'exifr'
import type { PrivateFacts } from '../../domain/media.ts'

/** A JPEG cannot hold more than 64 KiB of EXIF; PNG and WebP could, and what tells time and place never needs it. */
const EXIF_BYTES_MAX = 256 * 1024
const TEXT_LENGTH_MAX = 120

/** Only what is asked for is read: no maker notes, thumbnails, comments or further formats. */
const wanted: NonNullable<Parameters<typeof exifr.parse>[1]> = {
  tiff: true,
  ifd0: { pick: ['Make', 'Model', 'Software', 'ModifyDate', 'Artist', 'Copyright'] },
  exif: { pick: ['DateTimeOriginal', 'CreateDate', 'OffsetTime', 'OffsetTimeOriginal', 'OffsetTimeDigitized'] },
  gps: { pick: ['GPSLatitude', 'GPSLatitudeRef', 'GPSLongitude', 'GPSLongitudeRef'] },
  ifd1: false,
  interop: false,
  xmp: false,
  icc: false,
  iptc: false,
  jfif: false,
  makerNote: false,
  userComment: false,
  mergeOutput: true,
  reviveValues: false,
  translateValues: false,
}

/**
 * What an EXIF block (a TIFF structure) tells of time, camera and place. What is damaged, missing or out of
 * range is left out: metadata never fails an item.
 */
export async function privateFactsOf(tiff: Uint8Array | null): Promise<PrivateFacts> {
  if (!tiff) return {}
  const tags = await parse(tiff.subarray(0, EXIF_BYTES_MAX))
  const facts: { -readonly [K in keyof PrivateFacts]: PrivateFacts[K] } = {}
  const takenAt =
    timeOf(tags['DateTimeOriginal'], tags['OffsetTimeOriginal']) ??
    timeOf(tags['CreateDate'], tags['OffsetTimeDigitized']) ??
    timeOf(tags['ModifyDate'], tags['OffsetTime'])
  if (takenAt) facts.takenAt = takenAt
  const camera = cameraOf(textOf(tags['Make']), textOf(tags['Model']))
  if (camera) facts.camera = camera
  const software = textOf(tags['Software'])
  if (software) facts.software = software
  const creator = textOf(tags['Artist'])
  if (creator) facts.creator = creator
  const copyright = textOf(tags['Copyright'])
  if (copyright) facts.copyright = copyright
  const [latitude, longitude] = [tags['latitude'], tags['longitude']]
  if (isWithin(latitude, 90) && isWithin(longitude, 180)) {
    facts.latitude = latitude
    facts.longitude = longitude
  }
  return facts
}

async function parse(tiff: Uint8Array): Promise<Readonly<Record<string, unknown>>> {
  try {
    // oxlint-disable-next-line import/no-named-as-default-member -- to Node the package has a default export only.
    const tags: unknown = await exifr.parse(Buffer.from(tiff), wanted)
    return typeof tags === 'object' && tags !== null ? (tags as Record<string, unknown>) : {}
  } catch {
    // A parser has many ways to stumble over hostile bytes, and none of them matters to the picture.
    return {}
  }
}

/** ISO 8601; without an offset where the camera did not know one, because its clock's zone is then unknown too. */
function timeOf(value: unknown, offset: unknown): string | null {
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] =
    /^(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(typeof value === 'string' ? value : '') ?? []
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const time = new Date(`${local}Z`)
  if (Number.isNaN(time.getTime()) || time.toISOString().slice(0, 19) !== local) return null
  const zone = typeof offset === 'string' ? /^([+-](?:0\d|1[0-4]):[0-5]\d|Z)/.exec(offset)?.[1] : undefined
  return local + (zone ?? '')
}

/** Many makers repeat their name in the model. */
function cameraOf(make: string | null, model: string | null): string | null {
  if (!make || !model) return make ?? model
  return model.toLowerCase().startsWith(make.toLowerCase()) ? model : `${make} ${model}`
}

/** One line of printable text, or null. */
export function textOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const text = value
    .slice(0, 4 * TEXT_LENGTH_MAX)
    .replace(/[\p{C}\p{Z}\ufffd]+/gu, ' ')
    .trim()
    .slice(0, TEXT_LENGTH_MAX)
  return text === '' ? null : text
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= most
}
