/** Tags of TIFF 6.0, section 8, and of ICC.1, annex B.4. */
const SHORT = 3
const LONG = 4
const UNDEFINED = 7

/**
 * Pixels with an ICC profile as an uncompressed TIFF in memory: raw pixels cannot be given a profile, and of the
 * containers that can have one this is the only one that costs no compression.
 */
export function tagged(pixels: Uint8Array, width: number, height: number, channels: 3 | 4, icc: Uint8Array): Buffer {
  const profileAt = 8
  const bitsAt = profileAt + icc.length + (icc.length & 1)
  const directoryAt = bitsAt + 2 * channels
  const entries: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, channels, bitsAt],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, 2],
    [273, LONG, 1, 0],
    [277, SHORT, 1, channels],
    [278, LONG, 1, height],
    [279, LONG, 1, pixels.length],
    // The fourth channel is straight alpha.
    ...(channels === 4 ? ([[338, SHORT, 1, 2]] as const) : []),
    [34_675, UNDEFINED, icc.length, profileAt],
  ]
  const pixelsAt = directoryAt + 2 + 12 * entries.length + 4
  const file = Buffer.alloc(pixelsAt + pixels.length)
  file.write('II*\0', 'latin1')
  file.writeUInt32LE(directoryAt, 4)
  file.set(icc, profileAt)
  for (let channel = 0; channel < channels; channel++) file.writeUInt16LE(8, bitsAt + 2 * channel)
  file.writeUInt16LE(entries.length, directoryAt)
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    const at = directoryAt + 2 + 12 * index
    file.writeUInt16LE(tag, at)
    file.writeUInt16LE(type, at + 2)
    file.writeUInt32LE(count, at + 4)
    if (type === SHORT && count === 1) file.writeUInt16LE(value, at + 8)
    else file.writeUInt32LE(tag === 273 ? pixelsAt : value, at + 8)
  }
  file.set(pixels, pixelsAt)
  return file
}
