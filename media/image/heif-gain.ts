import { textAt } from '../../domain/bytes.ts'
import type { Size } from '../../domain/framing.ts'
import { appleMeaning, type GainMap, isoMeaning } from './gain-map.ts'
import { boxesOf, fieldsOf, fullBox } from './heif-boxes.ts'
import type { Items } from './heif-items.ts'

/** A gain map that lies in a HEIF file as a picture of its own. */
export interface HeifGain extends Pick<GainMap, 'meaning' | 'values'> {
  readonly item: number
}

const APPLE = 'urn:com:apple:photo:2020:aux:hdrgainmap'

/**
 * The gain map of the primary picture: by ISO 21496-1 the second of what an item `tmap` is derived from, or Apple's auxiliary picture.
 * Null where there is one that says nothing that we understand, undefined where there is none.
 */
export function heifGainOf(items: Items): HeifGain | null | undefined {
  const toned = items.references.find(
    ({ kind, from, to }) => kind === 'dimg' && items.types.get(from) === 'tmap' && to[0] === items.primary,
  )
  if (toned) {
    const [, item] = toned.to
    const data = items.dataOf(toned.from)
    // One byte of version comes before the words of the standard (ISO/IEC 23008-12, amendment 1).
    const meaning = data && data[0] === 0 ? isoMeaning(data.subarray(1)) : null
    return item !== undefined && meaning ? { item, meaning } : null
  }
  const apple = items.references.find(
    ({ kind, from, to }) =>
      kind === 'auxl' &&
      to.includes(items.primary) &&
      items.propertiesOf(from).some(({ name, body }) => name === 'auxC' && textAt(body, 4, APPLE.length) === APPLE),
  )
  if (!apple) return undefined
  const words = items.references.find(
    ({ kind, from, to }) => kind === 'cdsc' && to.includes(apple.from) && items.types.get(from) === 'mime',
  )
  const text = words ? items.dataOf(words.from) : null
  const meaning = text ? appleMeaning(Buffer.from(text).toString('latin1')) : null
  return meaning ? { item: apple.from, ...meaning } : null
}

/** The same file with another of its pictures as its primary one, and not hidden: decoders give that. */
export function withPrimary(file: Uint8Array, item: number): Buffer {
  const changed = Buffer.from(file)
  const meta = boxesOf(changed).find(({ name }) => name === 'meta')
  const boxes = meta ? boxesOf(fullBox(meta.body).fields.rest()) : []
  for (const { name, body } of boxes) {
    if (name === 'pitm') {
      if (body[0] === 0) body.set([item >> 8, item & 255], 4)
      else new DataView(body.buffer, body.byteOffset).setUint32(4, item)
    }
    if (name !== 'iinf') continue
    const { version, fields } = fullBox(body)
    fields.number(version === 0 ? 2 : 4)
    for (const entry of boxesOf(fields.rest()))
      if (entry.name === 'infe' && entry.body[0] !== undefined && entry.body[0] >= 2) {
        const id = fieldsOf(entry.body.subarray(4)).number(entry.body[0] === 2 ? 2 : 4)
        if (id === item) entry.body[3] = (entry.body[3] ?? 0) & ~1
      }
  }
  return changed
}

/** Whether two pictures have one shape, but for what rounding does to the smaller. */
export function isOfShape(one: Size, other: Size): boolean {
  return Math.abs(one.width * other.height - other.width * one.height) <= Math.max(one.width, one.height, other.width, other.height)
}
