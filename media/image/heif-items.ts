import { type Box, boxesOf, type Fields, fieldsOf, fullBox } from './heif-boxes.ts'
import { corrupt } from './header-parts.ts'

/** What names an EXIF block is small; a file that says otherwise is not followed. */
const ITEM_BYTES_MAX = 1024 ** 2
/** A grid of a thousand tiles needs some 50 kB. */
const META_BYTES_MAX = 4 * 1024 ** 2

export interface Reference {
  readonly kind: string
  readonly from: number
  readonly to: readonly number[]
}

interface Extent {
  readonly inData: boolean
  readonly offset: number
  readonly length: number
}

/** The items of a HEIF file (ISO/IEC 23008-12) as its `meta` box lists them. */
export interface Items {
  readonly primary: number
  /** Type of each item, such as `hvc1`, `av01`, `grid` or `Exif`. */
  readonly types: ReadonlyMap<number, string>
  readonly references: readonly Reference[]
  /** Properties of an item in their order; the order of transforms matters. */
  propertiesOf(item: number): readonly Box[]
  /** Its bytes, at most a megabyte of them unless said otherwise; null where they are more, or not all in this file. */
  dataOf(item: number, bytesMax?: number): Uint8Array | null
}

/** MEDIA_CORRUPT where a box contradicts itself; null when there is no still picture, as in a sequence without one. */
export function itemsOf(file: Uint8Array): Items | null {
  const meta = boxesOf(file).find(({ name }) => name === 'meta')
  if (!meta) return null
  if (meta.body.length > META_BYTES_MAX) throw corrupt('The directory of the file is larger than any picture needs.')
  const boxes = boxesOf(fullBox(meta.body).fields.rest())
  const body = (name: string) => boxes.find((box) => box.name === name)?.body
  const [pitm, iinf, iprp, iref, iloc, idat] = [body('pitm'), body('iinf'), body('iprp'), body('iref'), body('iloc'), body('idat')]
  if (!pitm || !iinf || !iprp) return null
  const properties = propertiesIn(iprp)
  const extents = iloc ? extentsIn(iloc) : new Map<number, Extent[]>()
  const { version, fields } = fullBox(pitm)
  return {
    primary: fields.number(version === 0 ? 2 : 4),
    types: typesIn(iinf),
    references: iref ? referencesIn(iref) : [],
    propertiesOf: (item) => properties.get(item) ?? [],
    dataOf(item, bytesMax = ITEM_BYTES_MAX) {
      const parts = extents.get(item) ?? []
      const total = parts.reduce((sum, { length }) => sum + length, 0)
      if (parts.length === 0 || total > bytesMax) return null
      const whole = Buffer.concat(
        parts.map(({ inData, offset, length }) => (inData ? (idat ?? new Uint8Array()) : file).subarray(offset, offset + length)),
      )
      return whole.length === total ? whole : null
    },
  }
}

/** Section 8.11.6 of ISO/IEC 14496-12. */
function typesIn(iinf: Uint8Array): ReadonlyMap<number, string> {
  const { version, fields } = fullBox(iinf)
  fields.number(version === 0 ? 2 : 4)
  const types = new Map<number, string>()
  for (const { name, body } of boxesOf(fields.rest())) {
    if (name !== 'infe') continue
    const entry = fullBox(body)
    // Versions 0 and 1 have no type, and no picture uses them.
    if (entry.version < 2) continue
    const id = entry.fields.number(entry.version === 2 ? 2 : 4)
    entry.fields.number(2)
    types.set(id, entry.fields.text(4))
  }
  return types
}

/** Section 8.11.12. */
function referencesIn(iref: Uint8Array): Reference[] {
  const { version, fields } = fullBox(iref)
  const idBytes = version === 0 ? 2 : 4
  return boxesOf(fields.rest()).map(({ name, body }) => {
    const reference = fieldsOf(body)
    const from = reference.number(idBytes)
    const count = reference.number(2)
    return { kind: name, from, to: Array.from({ length: count }, () => reference.number(idBytes)) }
  })
}

/** Section 9.3 of ISO/IEC 23008-12: which of the container's properties belong to which item, counted from 1. */
function propertiesIn(iprp: Uint8Array): ReadonlyMap<number, readonly Box[]> {
  const boxes = boxesOf(iprp)
  const all = boxesOf(boxes.find(({ name }) => name === 'ipco')?.body ?? new Uint8Array())
  const byItem = new Map<number, Box[]>()
  for (const { name, body } of boxes) {
    if (name !== 'ipma') continue
    const { version, flags, fields } = fullBox(body)
    const entries = fields.number(4)
    for (let entry = 0; entry < entries; entry++) {
      const item = fields.number(version === 0 ? 2 : 4)
      const own = byItem.get(item) ?? []
      const count = fields.number(1)
      for (let index = 0; index < count; index++) {
        const place = (flags & 1) === 1 ? fields.number(2) & 0x7fff : fields.number(1) & 0x7f
        const property = all[place - 1]
        if (place !== 0 && !property) throw corrupt('The file names a property that it does not have.')
        if (property) own.push(property)
      }
      byItem.set(item, own)
    }
  }
  return byItem
}

/** Section 8.11.3 of ISO/IEC 14496-12. */
function extentsIn(iloc: Uint8Array): ReadonlyMap<number, Extent[]> {
  const { version, fields } = fullBox(iloc)
  const [sizes, more] = [fields.number(1), fields.number(1)]
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 4, sizes & 15, more >> 4]
  const indexBytes = version === 0 ? 0 : more & 15
  const items = fields.number(version < 2 ? 2 : 4)
  const extents = new Map<number, Extent[]>()
  for (let item = 0; item < items; item++) {
    const id = fields.number(version < 2 ? 2 : 4)
    const method = version === 0 ? 0 : fields.number(2) & 15
    const elsewhere = fields.number(2) !== 0 || method > 1
    const base = fields.number(baseBytes)
    const count = fields.number(2)
    // Extents without fields of their own would cost us time and the file not a byte.
    if (count > 1 && offsetBytes + lengthBytes === 0) throw corrupt('The file has parts of no size.')
    const own = Array.from({ length: count }, () => extentFrom(fields, { indexBytes, offsetBytes, lengthBytes }, base, method === 1))
    if (!elsewhere) extents.set(id, own)
  }
  return extents
}

interface Widths {
  readonly indexBytes: number
  readonly offsetBytes: number
  readonly lengthBytes: number
}

function extentFrom(fields: Fields, { indexBytes, offsetBytes, lengthBytes }: Widths, base: number, inData: boolean): Extent {
  fields.number(indexBytes)
  const offset = base + fields.number(offsetBytes)
  return { inData, offset, length: fields.number(lengthBytes) }
}
