import { DUBLIN_CORE, type Rights, rightsProperties } from '../metadata/rights.ts'
import { type GainMapMeaning, ISO_LEAD, XMP_LEAD } from './gain-map.ts'

/** Signed fractions of 32 bits: a millionth is finer than any screen. */
const DENOMINATOR = 1_000_000
const MPF_BYTES = 4 + 82

/**
 * A JPEG with its gain map behind it, as all who read any form of it expect: the ISO's segments, Adobe's and Google's XMP, and the
 * index of multi-picture files (CIPA DC-007) that leads from the one to the other. Of the picture nothing is said besides its `rights`:
 * a JPEG has one place for XMP.
 */
export function withGainMap(base: Uint8Array, map: Uint8Array, meaning: GainMapMeaning, rights: Rights = {}): Buffer {
  const second = inserted(map, segment(0xe1, XMP_LEAD, xmpOfMap(meaning)), segment(0xe2, ISO_LEAD, isoOf(meaning)))
  const words = segment(0xe1, XMP_LEAD, xmpOfBase(second.length, rights))
  const version = segment(0xe2, ISO_LEAD, Buffer.alloc(4))
  const firstBytes = base.length + words.length + version.length + 4 + MPF_BYTES
  // Offsets count from after MPF's own name.
  const from = 2 + words.length + version.length + 4 + 4
  return Buffer.concat([
    inserted(base, words, version, segment(0xe2, 'MPF\0', indexOf(firstBytes, second.length, firstBytes - from))),
    second,
  ])
}

/** Right after the file's start. */
function inserted(jpeg: Uint8Array, ...segments: readonly Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])
}

function segment(marker: number, lead: string, data: string | Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(lead, 'latin1'), Buffer.from(data as Uint8Array)])
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

/** Two pictures: the first is the file's own, the second depends on it. */
function indexOf(firstBytes: number, secondBytes: number, secondAt: number): Buffer {
  const bytes = Buffer.alloc(82)
  bytes.write('MM\0*', 'latin1')
  bytes.writeUInt32BE(8, 4)
  bytes.writeUInt16BE(3, 8)
  const entry = (index: number, tag: number, type: number, count: number, value: number) => {
    const at = 10 + 12 * index
    bytes.writeUInt16BE(tag, at)
    bytes.writeUInt16BE(type, at + 2)
    bytes.writeUInt32BE(count, at + 4)
    bytes.writeUInt32BE(value, at + 8)
  }
  entry(0, 0xb000, 7, 4, 0x3031_3030)
  entry(1, 0xb001, 4, 1, 2)
  entry(2, 0xb002, 7, 32, 50)
  bytes.writeUInt32BE(0x03_0000, 50)
  bytes.writeUInt32BE(firstBytes, 54)
  bytes.writeUInt32BE(secondBytes, 70)
  bytes.writeUInt32BE(secondAt, 74)
  return bytes
}

/** The words of ISO 21496-1, annex C. */
export function isoOf({ channels, baseHeadroom, fullHeadroom }: GainMapMeaning): Buffer {
  const fraction = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeInt32BE(Math.round(value * DENOMINATOR))
    bytes.writeUInt32BE(DENOMINATOR, 4)
    return bytes
  }
  const numbers = channels.flatMap(({ min, max, gamma, baseOffset, fullOffset }) => [min, max, gamma, baseOffset, fullOffset])
  // The gain is meant in the base's own colours.
  const flags = (channels.length === 3 ? 0x80 : 0) | 0x40
  return Buffer.concat([Buffer.from([0, 0, 0, 0, flags]), ...[baseHeadroom, fullHeadroom, ...numbers].map(fraction)])
}

function xmp(attributes: string, content: string): string {
  const names = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
  const rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
  const description = `<rdf:Description ${names} hdrgm:Version="1.0"${attributes}>${content}</rdf:Description>`
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ${rdf}>${description}</rdf:RDF></x:xmpmeta>`
}

function xmpOfBase(mapBytes: number, rights: Rights): string {
  const container =
    ' xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
  const item = (semantic: string, more = '') =>
    `<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="${semantic}" Item:Mime="image/jpeg"${more}/></rdf:li>`
  const items = `${item('Primary')}${item('GainMap', ` Item:Length="${mapBytes}"`)}`
  const properties = rightsProperties(rights)
  const names = properties === '' ? container : `${container} ${DUBLIN_CORE}`
  return xmp(names, `<Container:Directory><rdf:Seq>${items}</rdf:Seq></Container:Directory>${properties}`)
}

function xmpOfMap({ channels, baseHeadroom, fullHeadroom }: GainMapMeaning): string {
  const text = (value: number) => Number(value.toFixed(6)).toString()
  const headrooms = ` hdrgm:HDRCapacityMin="${text(baseHeadroom)}" hdrgm:HDRCapacityMax="${text(fullHeadroom)}" hdrgm:BaseRenditionIsHDR="False"`
  const parts = [
    ['GainMapMin', 'min'],
    ['GainMapMax', 'max'],
    ['Gamma', 'gamma'],
    ['OffsetSDR', 'baseOffset'],
    ['OffsetHDR', 'fullOffset'],
  ] as const
  const lists = parts.map(([name, key]) => {
    const values = channels.map((channel) => `<rdf:li>${text(channel[key])}</rdf:li>`).join('')
    return `<hdrgm:${name}><rdf:Seq>${values}</rdf:Seq></hdrgm:${name}>`
  })
  const single = parts.map(([name, key]) => ` hdrgm:${name}="${text(channels[0]?.[key] ?? 0)}"`).join('')
  return channels.length === 1 ? xmp(`${headrooms}${single}`, '') : xmp(headrooms, lists.join(''))
}
