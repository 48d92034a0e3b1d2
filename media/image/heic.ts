import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MediaError } from '../../domain/errors.ts'

/** The part of the platform's WebAssembly that is used; its types belong to browsers' libraries. */
interface Wasm {
  compile(code: Uint8Array): Promise<object>
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
  readonly RuntimeError: new () => Error
}
const wasm = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly

/** What of libheif's JavaScript build is used. */
interface Libheif {
  readonly heif_colorspace: { readonly heif_colorspace_RGB: unknown }
  readonly heif_chroma: { readonly heif_chroma_interleaved_RGB: unknown; readonly heif_chroma_interleaved_RGBA: unknown }
  heif_context_alloc(): number
  heif_context_read_from_memory(context: number, bytes: Uint8Array): { readonly message: string }
  heif_js_context_get_primary_image_handle(context: number): unknown
  heif_image_handle_get_width(handle: unknown): number
  heif_image_handle_get_height(handle: unknown): number
  heif_image_handle_has_alpha_channel(handle: unknown): number
  heif_js_decode_image2(handle: unknown, colourspace: unknown, chroma: unknown): Decoded | Promise<Decoded>
}
interface Decoded {
  readonly message?: string
  readonly channels?: readonly { readonly width: number; readonly height: number; readonly stride: number; readonly data: Uint8Array }[]
}
type Factory = (options: {
  readonly print: () => void
  readonly printErr: () => void
  readonly instantiateWasm: (imports: object, done: (instance: object) => void) => object
}) => Libheif

/** Pixels of 8 bits per channel in the source's own colours. */
export interface RawPixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
}

export type HeicDecoder = (bytes: Uint8Array) => Promise<RawPixels>

/**
 * A decoder of HEIC in WebAssembly, compiled when first needed: no HEVC decoder is among sharp's, and in this one a
 * hostile file stays within a memory of its own. Each picture gets a fresh memory, since one never shrinks.
 * The decoder throws MEDIA_CORRUPT.
 */
export function createHeicDecoder(): HeicDecoder {
  let loaded: Promise<{ readonly factory: Factory; readonly code: object }> | null = null
  return async function decodeHeic(bytes) {
    loaded ??= load()
    const { factory, code } = await loaded
    const heif = factory({
      print: () => undefined,
      printErr: () => undefined,
      instantiateWasm(imports, done) {
        const instance = new wasm.Instance(code, imports)
        done(instance)
        return instance.exports
      },
    })
    return await decodeWith(heif, bytes)
  }
}

async function load(): Promise<{ readonly factory: Factory; readonly code: object }> {
  const { default: factory } = (await import('libheif-js/libheif-wasm/libheif.js')) as unknown as { readonly default: Factory }
  const path = fileURLToPath(import.meta.resolve('libheif-js/libheif-wasm/libheif.wasm'))
  return { factory, code: await wasm.compile(await readFile(path)) }
}

async function decodeWith(heif: Libheif, bytes: Uint8Array): Promise<RawPixels> {
  let decoded: Decoded
  let channels: 3 | 4
  try {
    const context = heif.heif_context_alloc()
    const read = heif.heif_context_read_from_memory(context, bytes)
    const handle = heif.heif_js_context_get_primary_image_handle(context)
    if (isError(handle)) throw damaged(read.message)
    channels = heif.heif_image_handle_has_alpha_channel(handle) ? 4 : 3
    const chroma = channels === 4 ? heif.heif_chroma.heif_chroma_interleaved_RGBA : heif.heif_chroma.heif_chroma_interleaved_RGB
    decoded = await heif.heif_js_decode_image2(handle, heif.heif_colorspace.heif_colorspace_RGB, chroma)
  } catch (error) {
    // A trap of the machine code: it has left its memory's bounds or given up on its own.
    if (error instanceof wasm.RuntimeError) throw damaged(error.message)
    throw error
  }
  const [plane] = decoded.channels ?? []
  if (!plane) throw damaged(decoded.message ?? 'no picture')
  return { data: packed(plane, channels), width: plane.width, height: plane.height, channels }
}

function isError(handle: unknown): boolean {
  return typeof handle !== 'object' || handle === null || 'code' in handle
}

function damaged(detail: string): MediaError {
  return new MediaError('MEDIA_CORRUPT', `The picture cannot be decoded: ${detail.slice(0, 200)}`)
}

/** Rows without what fills each up to a round length, moved within the decoder's memory rather than copied out of it. */
function packed({ data, width, height, stride }: NonNullable<Decoded['channels']>[number], channels: number): Uint8Array {
  const row = width * channels
  if (stride < row || data.length < stride * (height - 1) + row) throw damaged('rows of another length than said')
  if (stride !== row) for (let y = 1; y < height; y++) data.copyWithin(y * row, y * stride, y * stride + row)
  return data.subarray(0, row * height)
}
