const ORIENTATION_TAG = 0x0112
const SHORT = 3

/**
 * EXIF orientation 1..8 from a TIFF structure's first directory (TIFF 6.0, section 2; EXIF 2.32, 4.6.4);
 * 1 where it is missing, damaged or out of range. Reads within the bytes given and follows one offset only.
 */
export function orientationOf(tiff: Uint8Array): number {
  if (tiff.length < 14) return 1
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength)
  const order = view.getUint16(0)
  if (order !== 0x4949 && order !== 0x4d4d) return 1
  const little = order === 0x4949
  if (view.getUint16(2, little) !== 42) return 1
  const directory = view.getUint32(4, little)
  if (directory + 2 > tiff.length) return 1
  const entries = view.getUint16(directory, little)
  for (let index = 0, entry = directory + 2; index < entries && entry + 12 <= tiff.length; index++, entry += 12) {
    if (view.getUint16(entry, little) !== ORIENTATION_TAG) continue
    const value = view.getUint16(entry + 2, little) === SHORT ? view.getUint16(entry + 8, little) : 1
    return value >= 1 && value <= 8 ? value : 1
  }
  return 1
}
