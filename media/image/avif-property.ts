import { textAt } from '../../domain/bytes.ts'

interface Place {
  readonly start: number
  readonly end: number
}

/**
 * An AVIF as our encoder writes it (ISO/IEC 23008-12: one `meta` before the data, `iloc` and `ipma` of version 0), whose
 * primary item has one property more: a `colr` box of this body. Anything else of a file is a bug.
 */
export function withProperty(file: Uint8Array, body: Uint8Array): Buffer {
  const bytes = Buffer.from(file)
  const meta = childOf(bytes, { start: 0, end: bytes.length }, 0, 'meta')
  const inner = (name: string) => childOf(bytes, meta, 12, name)
  const iprp = inner('iprp')
  const ipco = childOf(bytes, iprp, 8, 'ipco')
  const ipma = childOf(bytes, iprp, 8, 'ipma')
  const iloc = inner('iloc')
  const primary = bytes.readUInt16BE(inner('pitm').start + 12)
  const colr = Buffer.concat([Buffer.alloc(4), Buffer.from('colr', 'latin1'), body])
  colr.writeUInt32BE(colr.length)
  const number = childrenOf(bytes, ipco, 8).length + 1
  const associations = associationsOf(bytes, ipma, primary)
  const grown = colr.length + 1
  for (const place of [meta, iprp]) bytes.writeUInt32BE(place.end - place.start + grown, place.start)
  bytes.writeUInt32BE(ipco.end - ipco.start + colr.length, ipco.start)
  bytes.writeUInt32BE(ipma.end - ipma.start + 1, ipma.start)
  bytes[associations.start - 1] = (bytes[associations.start - 1] ?? 0) + 1
  shiftExtents(bytes, iloc, grown)
  const parts = [
    bytes.subarray(0, ipco.end),
    colr,
    bytes.subarray(ipco.end, associations.end),
    Buffer.of(number),
    bytes.subarray(associations.end),
  ]
  return Buffer.concat(parts)
}

function childrenOf(bytes: Buffer, parent: Place, skip: number): (Place & { readonly name: string })[] {
  const children: (Place & { readonly name: string })[] = []
  for (let start = parent.start + skip; start + 8 <= parent.end; ) {
    const end = start + Math.max(8, bytes.readUInt32BE(start))
    children.push({ name: textAt(bytes, start + 4, 4), start, end })
    start = end
  }
  return children
}

function childOf(bytes: Buffer, parent: Place, skip: number, name: string): Place {
  const child = childrenOf(bytes, parent, skip).find((box) => box.name === name)
  if (!child) throw new Error(`our own AVIF has no ${name}`)
  return child
}

/** Where an item's properties are listed, a byte each; their number is in the byte before. */
function associationsOf(bytes: Buffer, ipma: Place, item: number): Place {
  let at = ipma.start + 16
  for (let left = bytes.readUInt32BE(ipma.start + 12); left > 0; left--) {
    const start = at + 3
    const end = start + (bytes[at + 2] ?? 0)
    if (bytes.readUInt16BE(at) === item) return { start, end }
    at = end
  }
  throw new Error('the picture of our own AVIF has no properties')
}

/** All data lies behind what has grown. */
function shiftExtents(bytes: Buffer, iloc: Place, by: number): void {
  const sizes = bytes.readUInt16BE(iloc.start + 12)
  const [offsetBytes, lengthBytes, baseBytes] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15]
  if (bytes[iloc.start + 8] !== 0 || offsetBytes !== 4) throw new Error('our own AVIF tells its places in another form')
  let at = iloc.start + 16
  for (let items = bytes.readUInt16BE(iloc.start + 14); items > 0; items--) {
    const extents = bytes.readUInt16BE(at + 4 + baseBytes)
    at += 6 + baseBytes
    for (let extent = 0; extent < extents; extent++) {
      bytes.writeUInt32BE(bytes.readUInt32BE(at) + by, at)
      at += offsetBytes + lengthBytes
    }
  }
}
