import type { ImageFormat } from '../../domain/plans.ts'
import { withProperty } from './avif-property.ts'
import { displayP3 } from './display-p3.ts'

const profile = displayP3()

/** An encoded picture that says that its colours are Display P3, by format: our encoders say nothing. */
export const saidToBeP3: Readonly<Record<ImageFormat, (file: Uint8Array, width: number, height: number) => Uint8Array>> = {
  jpeg: (file) => {
    const head = Buffer.from('\xff\xe2\0\0ICC_PROFILE\0\x01\x01', 'latin1')
    head.writeUInt16BE(head.length - 2 + profile.length, 2)
    return Buffer.concat([file.subarray(0, 2), head, profile, file.subarray(2)])
  },
  webp: extended,
  avif: (file) => withProperty(file, Buffer.concat([Buffer.from('prof', 'latin1'), profile])),
}

/** In the extended form (RFC 9649, section 2.7), which alone has room for a profile. */
function extended(file: Uint8Array, width: number, height: number): Buffer {
  const rest = Buffer.from(file.subarray(12))
  const name = rest.toString('latin1', 0, 4)
  const iccp = chunk('ICCP', profile)
  if (name === 'VP8X') {
    rest[8] = (rest[8] ?? 0) | 0x20
    return riff(rest.subarray(0, 18), iccp, rest.subarray(18))
  }
  const header = Buffer.alloc(10)
  header[0] = 0x20 | (name === 'VP8L' && ((rest[12] ?? 0) & 0x10) !== 0 ? 0x10 : 0)
  header.writeUIntLE(width - 1, 4, 3)
  header.writeUIntLE(height - 1, 7, 3)
  return riff(chunk('VP8X', header), iccp, rest)
}

function riff(...chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat(chunks)
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1')
  head.writeUInt32LE(4 + body.length, 4)
  return Buffer.concat([head, body])
}

function chunk(name: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.write(name, 'latin1')
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)])
}
