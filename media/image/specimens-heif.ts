/** HEIF files that the tests put together: no encoder at hand writes HEIC. */
import { boxesOf } from './heif-boxes.ts'

const box = (name: string, ...parts: (string | Uint8Array)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.write(name, 4, 'latin1')
  return Buffer.concat([head, body])
}
const u = (bytes: number, value: number): Buffer => {
  const number = Buffer.alloc(bytes)
  number.writeUIntBE(value, 0, bytes)
  return number
}
const full = (name: string, version: number, ...parts: (string | Uint8Array)[]) => box(name, u(1, version), u(3, 0), ...parts)

/** One intra frame of 64 x 48 in HEVC main profile: the left half red (208, 43, 43), the right half blue (57, 98, 181). */
const hvcC = Buffer.from(
  'AQFgAAAAkAAAAAAAHvAA/P34+AAADwOgAAEAGEABDAH//wFgAAADAJAAAAMAAAMAHpWYCaEAAQAsQgEBAWAAAAMAkAAAAwAAAwAeoCCDFllZrkyvAW4EBAwIAAADAAgAAAMAyECiAAEABkQBwXGhEg==',
  'base64',
)
const frame = Buffer.from('AAAAIygBrwngPsr/9SP//Pq5DzKlkNzA7fOO+CIP/y2aDF0O0B/w', 'base64')

/** How a codec's picture is stored: its configuration's box and its one frame. */
export interface Coded {
  readonly configuration: Buffer
  readonly frame: Uint8Array
}

export interface HeifOptions {
  readonly width?: number
  readonly height?: number
  readonly codec?: string
  readonly brand?: string
  /** In place of the HEVC frame of 64 x 48. */
  readonly coded?: Coded
  /** Further properties of the picture, in order. */
  readonly properties?: readonly Buffer[]
  /** A TIFF structure. */
  readonly exif?: Uint8Array
  /** Each a `dimg` of the primary item to the items of these numbers. */
  readonly madeOf?: readonly number[]
  /** A second, hidden picture that is a gain map: by the standard's words, or as Apple's with its XMP. */
  readonly gain?: { readonly iso: Uint8Array } | { readonly xmp: string }
  /** Behind the picture. */
  readonly boxes?: readonly Buffer[]
}

/** What an AVIF of one picture consists of (ISO/IEC 23008-12), to be put together anew. */
export function codedIn(avif: Uint8Array): Coded {
  const inner = (bytes: Uint8Array, name: string) => boxesOf(bytes).find((one) => one.name === name)?.body ?? new Uint8Array()
  const ipco = inner(inner(inner(avif, 'meta').subarray(4), 'iprp'), 'ipco')
  return { configuration: box('av1C', inner(ipco, 'av1C')), frame: inner(avif, 'mdat') }
}

export const properties = {
  turned: (quarters: number) => box('irot', u(1, quarters)),
  mirrored: (axis: number) => box('imir', u(1, axis)),
  cut: (width: number, height: number) => box('clap', ...[width, 1, height, 1, 0, 1, 0, 1].map((value) => u(4, value))),
  profile: (icc: Uint8Array) => box('colr', 'prof', icc),
  codePoints: (primaries: number, transfer: number, matrix: number) =>
    box('colr', 'nclx', u(2, primaries), u(2, transfer), u(2, matrix), u(1, 0x80)),
}

interface Item {
  readonly id: number
  readonly type: string
  readonly data: Uint8Array
  readonly hidden?: true
  /** After its four letters: what a `mime` item is. */
  readonly content?: string
  /** Places of its properties, from 1. */
  readonly own?: readonly number[]
}

/** A still picture of one item (ISO/IEC 23008-12), its data in `mdat`. */
export function heif({
  width = 64,
  height = 48,
  codec = 'hvc1',
  brand = 'heic',
  coded = { configuration: box('hvcC', hvcC), frame },
  properties: more = [],
  exif,
  madeOf = [],
  gain,
  boxes = [],
}: HeifOptions = {}): Buffer {
  const ftyp = box('ftyp', brand, u(4, 0), 'mif1', brand)
  const auxiliary = gain && 'xmp' in gain ? [full('auxC', 0, 'urn:com:apple:photo:2020:aux:hdrgainmap\0')] : []
  const all = [full('ispe', 0, u(4, width), u(4, height)), coded.configuration, ...more, ...auxiliary]
  const places = all.map((_, index) => index + 1)
  const items: Item[] = [{ id: 1, type: codec, data: coded.frame, own: places.slice(0, 2 + more.length) }]
  const references: Buffer[] = []
  const refer = (kind: string, from: number, ...to: number[]) =>
    references.push(box(kind, u(2, from), u(2, to.length), ...to.map((id) => u(2, id))))
  if (exif) {
    items.push({ id: 2, type: 'Exif', data: Buffer.concat([u(4, 0), exif]) })
    refer('cdsc', 2, 1)
  }
  if (madeOf.length > 0) refer('dimg', 1, ...madeOf)
  if (gain) {
    items.push({ id: 3, type: codec, data: coded.frame, hidden: true, own: [1, 2, ...places.slice(2 + more.length)] })
    if ('iso' in gain) {
      items.push({ id: 4, type: 'tmap', data: Buffer.concat([u(1, 0), gain.iso]), own: [1] })
      refer('dimg', 4, 1, 3)
    } else {
      items.push({ id: 4, type: 'mime', data: Buffer.from(gain.xmp), content: 'application/rdf+xml\0' })
      refer('auxl', 3, 1)
      refer('cdsc', 4, 3)
    }
  }
  const owning = items.filter(({ own }) => own !== undefined)
  const metaWith = (dataAt: number) => {
    let at = dataAt
    const extents = items.map(({ id, data }) => {
      const extent = Buffer.concat([u(2, id), u(2, 0), u(2, 1), u(4, at), u(4, data.length)])
      at += data.length
      return extent
    })
    const infe = ({ id, type, hidden, content }: Item) =>
      box('infe', u(1, 2), u(3, hidden ? 1 : 0), u(2, id), u(2, 0), type, '\0', content ?? '')
    return full(
      'meta',
      0,
      full('hdlr', 0, u(4, 0), 'pict', Buffer.alloc(13)),
      full('pitm', 0, u(2, 1)),
      full('iloc', 0, u(1, 0x44), u(1, 0), u(2, items.length), ...extents),
      full('iinf', 0, u(2, items.length), ...items.map(infe)),
      full('iref', 0, ...references),
      box(
        'iprp',
        box('ipco', ...all),
        full(
          'ipma',
          0,
          u(4, owning.length),
          ...owning.map(({ id, own = [] }) => Buffer.concat([u(2, id), u(1, own.length), ...own.map((place) => u(1, place))])),
        ),
      ),
    )
  }
  const meta = metaWith(ftyp.length + metaWith(0).length + 8)
  return Buffer.concat([ftyp, meta, box('mdat', ...items.map(({ data }) => data)), ...boxes])
}
