import { textAt } from '../../domain/bytes.ts'

/**
 * An AVIF as libvips takes it: that goes by the first brand of a file and does not know the one of sequences, whose still it decodes all
 * the same. Other files are given back as they are.
 */
export function asStillAvif(file: Uint8Array): Uint8Array {
  if (textAt(file, 4, 8) !== 'ftypavis') return file
  const still = Buffer.from(file)
  still.write('avif', 8, 'latin1')
  return still
}
