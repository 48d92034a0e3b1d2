import type { PrivateFacts } from '../../domain/media.ts'
import { packedTextsOf } from './packed-texts.ts'
import { textOf } from './private-facts.ts'

export type Rights = Pick<PrivateFacts, 'creator' | 'copyright'>

/** Records of the IPTC Information Interchange Model 4.2, section 6: by-line and copyright notice. */
const BYLINE = 80
const COPYRIGHT = 116
/** Photoshop's resource that holds them. */
const IIM_RESOURCE = 0x0404
const XMP_BYTES_MAX = 1024 * 1024

/**
 * Who made a picture and whose it is: by EXIF where that says it (`exif`), else by IPTC, else by XMP, as the Metadata
 * Working Group has it. XMP is looked for in the bytes of the file, wherever its container keeps it; what is damaged says nothing.
 */
export function rightsOf(file: Uint8Array, exif: Rights): Rights {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const [iptc, xmp] = [iptcRights(bytes), xmpRights([bytes, ...packedTextsOf(file)])]
  const creator = exif.creator ?? iptc.creator ?? xmp.creator
  const copyright = exif.copyright ?? iptc.copyright ?? xmp.copyright
  return { ...(creator === undefined ? {} : { creator }), ...(copyright === undefined ? {} : { copyright }) }
}

function rights(creator: string | null, copyright: string | null): Rights {
  return { ...(creator === null ? {} : { creator }), ...(copyright === null ? {} : { copyright }) }
}

/** Of a JPEG's Photoshop segment. Numbers are big-endian; texts are UTF-8 nearly always, and read as that. */
function iptcRights(bytes: Buffer): Rights {
  const segment = bytes.indexOf('Photoshop 3.0\0', 0, 'latin1')
  if (segment < 4) return {}
  const end = Math.min(bytes.length, segment - 2 + bytes.readUInt16BE(segment - 2))
  for (let at = segment + 14; at + 12 <= end && bytes.toString('latin1', at, at + 4) === '8BIM'; ) {
    const id = bytes.readUInt16BE(at + 4)
    const nameLength = 1 + (bytes[at + 6] ?? 0)
    const sizeAt = at + 6 + nameLength + (nameLength & 1)
    if (sizeAt + 4 > end) break
    const size = bytes.readUInt32BE(sizeAt)
    if (sizeAt + 4 + size > end) break
    if (id === IIM_RESOURCE) return recordsOf(bytes.subarray(sizeAt + 4, sizeAt + 4 + size))
    at = sizeAt + 4 + size + (size & 1)
  }
  return {}
}

function recordsOf(block: Buffer): Rights {
  const texts = new Map<number, string>()
  for (let at = 0; at + 5 <= block.length && block[at] === 0x1c; ) {
    const size = block.readUInt16BE(at + 3)
    // Longer ones are told otherwise, and no name is as long.
    if (size > 0x7fff || at + 5 + size > block.length) break
    if (block[at + 1] === 2) texts.set(block[at + 2] ?? 0, block.toString('utf8', at + 5, at + 5 + size))
    at += 5 + size
  }
  return rights(textOf(texts.get(BYLINE)), textOf(texts.get(COPYRIGHT)))
}

/** Dublin Core's properties of XMP: an ordered list, and a text in several languages of which the first is taken. */
function xmpRights(places: readonly Buffer[]): Rights {
  const property = (name: string): string | null => {
    const bytes = places.find((place) => place.includes(`<dc:${name}>`, 0, 'latin1'))
    if (!bytes) return null
    const from = bytes.indexOf(`<dc:${name}>`, 0, 'latin1')
    const part = bytes.toString('utf8', from, Math.min(bytes.length, from + XMP_BYTES_MAX))
    const end = part.indexOf(`</dc:${name}>`)
    const [, text] = /<rdf:li[^>]{0,200}>([^<]{0,2000})<\/rdf:li>/.exec(end < 0 ? '' : part.slice(0, end)) ?? []
    return text === undefined ? null : textOf(unescaped(text))
  }
  return rights(property('creator'), property('rights'))
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return entities[name] ?? whole
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal)
    return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : whole
  })
}

export const DUBLIN_CORE = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'

/** Rights as properties of Dublin Core in XMP; nothing where there are none. */
export function rightsProperties({ creator, copyright }: Rights): string {
  return [
    ...(creator === undefined ? [] : [`<dc:creator><rdf:Seq><rdf:li>${escaped(creator)}</rdf:li></rdf:Seq></dc:creator>`]),
    ...(copyright === undefined
      ? []
      : [`<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">${escaped(copyright)}</rdf:li></rdf:Alt></dc:rights>`]),
  ].join('')
}

/** Rights as XMP of nothing else: unlike EXIF it says in what encoding its texts are, and every container has a place for it. */
export function rightsXmp(rights: Rights): string {
  return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ${DUBLIN_CORE}>${rightsProperties(rights)}</rdf:Description></rdf:RDF></x:xmpmeta>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
