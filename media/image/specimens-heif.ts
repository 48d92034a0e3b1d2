/** HEIF files that the tests put together: no encoder at hand writes HEIC. */

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

export interface HeifOptions {
  readonly width?: number
  readonly height?: number
  readonly codec?: string
  readonly brand?: string
  /** Further properties of the picture, in order. */
  readonly properties?: readonly Buffer[]
  /** A TIFF structure. */
  readonly exif?: Uint8Array
  /** Each a `dimg` of the primary item to the items of these numbers. */
  readonly madeOf?: readonly number[]
}

export const properties = {
  turned: (quarters: number) => box('irot', u(1, quarters)),
  mirrored: (axis: number) => box('imir', u(1, axis)),
  cut: (width: number, height: number) => box('clap', ...[width, 1, height, 1, 0, 1, 0, 1].map((value) => u(4, value))),
  profile: (icc: Uint8Array) => box('colr', 'prof', icc),
  codePoints: (primaries: number, transfer: number, matrix: number) =>
    box('colr', 'nclx', u(2, primaries), u(2, transfer), u(2, matrix), u(1, 0x80)),
}

/** A still picture of one item (ISO/IEC 23008-12), its data in `mdat`. */
export function heif({
  width = 64,
  height = 48,
  codec = 'hvc1',
  brand = 'heic',
  properties: more = [],
  exif,
  madeOf = [],
}: HeifOptions = {}): Buffer {
  const ftyp = box('ftyp', brand, u(4, 0), 'mif1', brand)
  const own = [full('ispe', 0, u(4, width), u(4, height)), box('hvcC', hvcC), ...more]
  const items: { readonly id: number; readonly type: string; readonly data: Uint8Array }[] = [{ id: 1, type: codec, data: frame }]
  if (exif) items.push({ id: 2, type: 'Exif', data: Buffer.concat([u(4, 0), exif]) })
  const metaWith = (dataAt: number) => {
    let at = dataAt
    const places = items.map(({ id, data }) => {
      const place = Buffer.concat([u(2, id), u(2, 0), u(2, 1), u(4, at), u(4, data.length)])
      at += data.length
      return place
    })
    return full(
      'meta',
      0,
      full('hdlr', 0, u(4, 0), 'pict', Buffer.alloc(13)),
      full('pitm', 0, u(2, 1)),
      full('iloc', 0, u(1, 0x44), u(1, 0), u(2, items.length), ...places),
      full('iinf', 0, u(2, items.length), ...items.map(({ id, type }) => full('infe', 2, u(2, id), u(2, 0), type, '\0'))),
      full(
        'iref',
        0,
        ...(exif ? [box('cdsc', u(2, 2), u(2, 1), u(2, 1))] : []),
        ...(madeOf.length > 0 ? [box('dimg', u(2, 1), u(2, madeOf.length), ...madeOf.map((id) => u(2, id)))] : []),
      ),
      box('iprp', box('ipco', ...own), full('ipma', 0, u(4, 1), u(2, 1), u(1, own.length), ...own.map((_, index) => u(1, index + 1)))),
    )
  }
  const meta = metaWith(ftyp.length + metaWith(0).length + 8)
  return Buffer.concat([ftyp, meta, box('mdat', ...items.map(({ data }) => data))])
}
