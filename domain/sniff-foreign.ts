import { startsWith, textAt } from './bytes.ts'

/** The name, for people, of a file that is not accepted; 'a file of an unknown type' when nothing fits. */
export function foreignNameOf(head: Uint8Array): string {
  for (const [offset, lead, name] of signatures) {
    const bytes = typeof lead === 'string' ? [...lead].map((character) => character.charCodeAt(0)) : lead
    if (startsWith(head, bytes, offset)) return name
  }
  return markupNameOf(head) ?? 'a file of an unknown type'
}

/** Offset, leading bytes, name; the first that fits wins, so narrower ones come first. */
const signatures: readonly (readonly [number, string | readonly number[], string])[] = [
  [0, 'GIF8', 'a GIF of an unknown version'],
  [0, [0x49, 0x49, 0x2a, 0x00, 0x10, 0x00, 0x00, 0x00, 0x43, 0x52], 'a camera raw image'],
  [0, 'IIRO', 'a camera raw image'],
  [0, 'IIRS', 'a camera raw image'],
  [0, 'MMOR', 'a camera raw image'],
  [0, [0x49, 0x49, 0x55, 0x00], 'a camera raw image'],
  [0, 'FUJIFILMCCD-RAW', 'a camera raw image'],
  [0, 'FOVb', 'a camera raw image'],
  [0, [0x49, 0x49, 0x2a, 0x00], 'a TIFF or camera raw image'],
  [0, [0x4d, 0x4d, 0x00, 0x2a], 'a TIFF or camera raw image'],
  [0, [0x49, 0x49, 0x2b, 0x00], 'a TIFF image'],
  [0, [0x4d, 0x4d, 0x00, 0x2b], 'a TIFF image'],
  [0, [0xff, 0x0a], 'a JPEG XL image'],
  [0, [0x00, 0x00, 0x00, 0x0c, 0x4a, 0x58, 0x4c, 0x20], 'a JPEG XL image'],
  [0, [0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20], 'a JPEG 2000 image'],
  [0, [0xff, 0x4f, 0xff, 0x51], 'a JPEG 2000 image'],
  [0, '8BPS', 'a Photoshop document'],
  [0, [0x00, 0x00, 0x01, 0x00], 'an icon'],
  [0, [0x76, 0x2f, 0x31, 0x01], 'an OpenEXR image'],
  [0, '#?RADIANCE', 'a Radiance image'],
  [0, 'qoif', 'a QOI image'],
  [0, '%PDF-', 'a PDF document'],
  [0, '%!PS', 'a PostScript document'],
  [8, 'AVI ', 'an AVI video'],
  [8, 'WAVE', 'a WAVE audio file'],
  [0, [0x00, 0x00, 0x01, 0xba], 'an MPEG program stream'],
  [0, [0x00, 0x00, 0x01, 0xb3], 'an MPEG video stream'],
  [0, [0x00, 0x00, 0x00, 0x01], 'a bare H.264 or H.265 stream'],
  [0, 'FLV', 'a Flash video'],
  [0, [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11], 'a Windows Media file'],
  [0, 'OggS', 'an Ogg file'],
  [0, 'fLaC', 'a FLAC audio file'],
  [0, 'ID3', 'an MP3 audio file'],
  [0, '#EXTM3U', 'a playlist'],
  [0, [0x50, 0x4b, 0x03, 0x04], 'a ZIP archive'],
  [0, [0x50, 0x4b, 0x05, 0x06], 'a ZIP archive'],
  [0, [0x1f, 0x8b], 'a gzip archive'],
  [0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'a 7-Zip archive'],
  [0, 'Rar!', 'a RAR archive'],
  [0, [0x7f, 0x45, 0x4c, 0x46], 'a program'],
  [0, 'MZ', 'a program'],
  [0, '#!', 'a script'],
  [0, 'BM', 'a BMP image'],
]

function markupNameOf(head: Uint8Array): string | null {
  const text = markupText(head).toLowerCase()
  if (!text.startsWith('<')) return null
  if (/^<(!doctype html|html|head|body|script|iframe)/.test(text)) return 'an HTML page'
  if (/<([a-z0-9]+:)?svg[\s>]/.test(text) || text.startsWith('<!doctype svg')) return 'an SVG drawing'
  if (text.includes('<html')) return 'an HTML page'
  return 'an XML or HTML document'
}

/** The head as text without byte order mark and leading white space; UTF-16 is told by its zero bytes. */
function markupText(head: Uint8Array): string {
  const bytes = head.includes(0) ? head.filter((byte) => byte !== 0) : head
  let text = ''
  for (let offset = 0; offset < bytes.length; offset += 4_096) text += textAt(bytes, offset, 4_096)
  return text.replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*/, '')
}
