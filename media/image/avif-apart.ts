import { spawn } from 'node:child_process'
import { once } from 'node:events'
import sharp from 'sharp'
import { predictDecodeBytes } from '../../domain/plan-image.ts'
import { leashFor } from '../video/leash.ts'
import { type Av1Item, plainAv1In } from './av1-item.ts'
import { meansSrgb, srgbFrom } from './code-points.ts'
import { type ApartDecoder, type Shape, shapeOf, type Wanted } from './decode.ts'
import type { DecodeLimits } from './examine.ts'
import type { PixelColour } from './header-parts.ts'
import { deepPixels, type Picture } from './picture.ts'
import { type BarePixels, bytesOf, shownOf, srgbBy, wideSourceOf } from './wide-source.ts'

type Deep = Awaited<ReturnType<typeof deepPixels>>

/** Red, green and blue of two bytes each. */
const PIXEL_BYTES = 6
/** How ffmpeg scales. */
const WELL = 'flags=lanczos+accurate_rnd+full_chroma_inp+full_chroma_int'

/**
 * Decodes large AVIFs by ffmpeg's dav1d, which gives them already scaled: libaom keeps some 170 bytes for each 16 pixels beside its frames,
 * libheif makes three pictures of the one, and both take four times the CPU. ffmpeg is told what the file says of its colours, and is on the
 * leash of every upload. What it does not open is left to libheif, which also says what is wrong with it.
 */
export function createApartDecoder(ffmpeg: string, limits: DecodeLimits): ApartDecoder {
  let leash: Promise<readonly string[]> | null = null
  return async function decodeApart(bytes, { probe, colour }, wanted) {
    if (probe.type !== 'image/avif' || predictDecodeBytes(probe) <= limits.imageDecodeApartBytesMin) return null
    const item = plainAv1In(bytes)
    const convert = converterOf(colour, wanted)
    if (!item || !convert || item.width !== probe.width || item.height !== probe.height) return null
    leash ??= leashFor(limits.imageDecodeApartAddressBytesMax)
    const shape = shapeOf(probe, wanted)
    const pixels = await run([...(await leash), ffmpeg, ...argumentsFor(item, shape)], asIvf(item), shape, limits.imageDecodeMsMax)
    return pixels && convert(await turned(pixels, shape))
  }
}

/** What makes the picture that is shown of pixels of these colours; null where that takes the tables of a profile. */
function converterOf(colour: PixelColour | undefined, { keepsP3 }: Wanted): ((pixels: Deep) => Picture) | null {
  if (!colour) return bytesOf
  if ('primaries' in colour) return meansSrgb(colour) ? bytesOf : (pixels) => srgbFrom(pixels, colour)
  const wide = wideSourceOf(colour.icc)
  if (wide && keepsP3) return (pixels) => shownOf(pixels, wide)
  const convert = srgbBy(colour.icc)
  return convert && (wide ? (pixels: BarePixels) => ({ ...convert(pixels), narrowed: true }) : convert)
}

/**
 * A frame of more pixels than the file says is not decoded, and one that is shorter on a side cannot be cut to what it says: so it has the very
 * size that the picture was admitted by.
 */
function argumentsFor({ width, height, halved, says }: Av1Item, shape: Shape): readonly string[] {
  const { part } = shape
  const sited = halved ? ':in_h_chr_pos=128:in_v_chr_pos=128' : ''
  const meant = says ? `:in_color_matrix=${says.matrix}:in_range=${says.range}` : ''
  const filters = [
    `crop=${width}:${height}:0:0:exact=1`,
    // Of halved colours it would cut between the two bytes of a sample.
    ...(part && halved ? [`scale=${WELL}${sited}`, 'format=yuv444p|yuv444p10|yuv444p12'] : []),
    ...(part ? [`crop=${part.width}:${part.height}:${part.left}:${part.top}:exact=1`] : []),
    `scale=${shape.width}:${shape.height}:${WELL}${part ? '' : sited}${meant}`,
  ]
  const input = ['-max_pixels', `${width * height}`, '-threads', '1', '-c:v', 'libdav1d', '-f', 'ivf', '-i', 'pipe:0']
  const output = ['-frames:v', '1', '-vf', filters.join(), '-f', 'rawvideo', '-pix_fmt', 'rgb48le', 'pipe:1']
  return ['-v', 'error', '-filter_threads', '1', '-protocol_whitelist', 'pipe', ...input, ...output]
}

/** The one frame in the container of AV1 that has least to it: 32 bytes for the file, 12 for the frame. */
function asIvf({ data, width, height }: Av1Item): readonly Uint8Array[] {
  const head = Buffer.alloc(44)
  head.write('DKIF', 'latin1')
  head.writeUInt16LE(32, 6)
  head.write('AV01', 8, 'latin1')
  head.writeUInt16LE(width, 12)
  head.writeUInt16LE(height, 14)
  for (const at of [16, 20, 24]) head.writeUInt32LE(1, at)
  head.writeUInt32LE(data.length, 32)
  return [head, data]
}

async function run(
  command: readonly string[],
  input: readonly Uint8Array[],
  { width, height }: Shape,
  msMax: number,
): Promise<Deep | null> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], timeout: msMax, killSignal: 'SIGKILL' })
  const ended = once(child, 'close').then(
    ([status]) => status === 0,
    () => false,
  )
  // It says by its ending that it has not read all.
  child.stdin.on('error', () => undefined)
  for (const bytes of input) child.stdin.write(bytes)
  child.stdin.end()
  const data = new Uint16Array((width * height * PIXEL_BYTES) / 2)
  const bytes = new Uint8Array(data.buffer)
  let at = 0
  child.stdout.on('data', (piece: Buffer) => {
    if (at + piece.length > bytes.length) child.kill('SIGKILL')
    else bytes.set(piece, at)
    at += piece.length
  })
  return (await ended) && at === bytes.length ? { data, width, height, channels: 3 } : null
}

async function turned(pixels: Deep, { mirrored, turn }: Shape): Promise<Deep> {
  if (!mirrored && turn === 0) return pixels
  const { data, width, height, channels } = pixels
  return await deepPixels(sharp(data, { raw: { width, height, channels } }).flop(mirrored).rotate(turn))
}
