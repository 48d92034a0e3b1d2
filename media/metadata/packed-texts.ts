import { inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
/** What is read of each, and of how many: XMP that says who and what has some kilobytes. */
const TEXT_BYTES_MAX = 1024 * 1024
const TEXTS_MAX = 8

/**
 * The texts that a PNG holds compressed (its specification's zTXt and iTXt, sections 11.3.3.3 and 11.3.3.4): what is
 * looked for in a file's bytes is looked for in these too. Of other files, and of what does not unpack, none.
 */
export function packedTextsOf(file: Uint8Array): Buffer[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return []
  const texts: Buffer[] = []
  for (let at = SIGNATURE.length; at + 12 <= bytes.length && texts.length < TEXTS_MAX; ) {
    const length = bytes.readUInt32BE(at)
    const name = bytes.toString('latin1', at + 4, at + 8)
    const data = bytes.subarray(at + 8, Math.min(bytes.length, at + 8 + length))
    const packed = name === 'zTXt' ? afterKeyword(data, 1) : name === 'iTXt' ? packedInternational(data) : null
    const text = packed && unpacked(packed)
    if (text) texts.push(text)
    at += 12 + length
  }
  return texts
}

/** What follows the keyword and so many bytes behind it. */
function afterKeyword(data: Buffer, more: number): Buffer | null {
  const end = data.indexOf(0)
  return end < 0 ? null : data.subarray(end + 1 + more)
}

function packedInternational(data: Buffer): Buffer | null {
  const end = data.indexOf(0)
  if (end < 0 || data[end + 1] !== 1) return null
  const language = data.indexOf(0, end + 3)
  const keyword = language < 0 ? -1 : data.indexOf(0, language + 1)
  return keyword < 0 ? null : data.subarray(keyword + 1)
}

function unpacked(data: Buffer): Buffer | null {
  try {
    return inflateSync(data, { maxOutputLength: TEXT_BYTES_MAX })
  } catch {
    return null
  }
}
