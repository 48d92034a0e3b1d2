import { packedTextsOf } from './packed-texts.ts'

/**
 * IPTC's digital source types for pictures that a trained model made, wholly or in part
 * (cv.iptc.org/newscodes/digitalsourcetype): XMP and C2PA's actions name the same ones, as plain text.
 */
const marks = ['digitalsourcetype/trainedAlgorithmicMedia', 'digitalsourcetype/compositeWithTrainedAlgorithmicMedia']

/**
 * Whether the file says of itself that it was made with AI. Looked for in all of its bytes, wherever a container
 * keeps its metadata, packed or not; a claim that nobody has signed counts too, and signatures are not verified.
 */
export function saysMadeWithAi(file: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  return [bytes, ...packedTextsOf(file)].some((text) => marks.some((mark) => text.includes(mark, 0, 'latin1')))
}
