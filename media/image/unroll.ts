import { open, rename } from 'node:fs/promises'
import sharp from 'sharp'
import type { SourceType } from '../../domain/plans.ts'
import { contradiction, decodeError } from './decode-errors.ts'
import { type DecodeLimits, examine } from './examine.ts'
import { LEAD_BYTES, movLead, movTail, pixelBytesOf } from './frames-mov.ts'

/**
 * Makes what decodes an animation into a file: libvips goes frame by frame and writes as it goes, so memory holds a
 * few frames however many there are. MEDIA_CORRUPT, MEDIA_TOO_COSTLY, and what `examine` refuses with.
 */
export function createUnroller(limits: DecodeLimits, beforeDecode: (type: SourceType) => void = () => undefined) {
  return async function unroll(bytes: Uint8Array, file: string): Promise<void> {
    const { probe, durationsMs = [] } = examine(bytes, limits)
    beforeDecode(probe.type)
    const frames = { width: probe.width, height: probe.height, durationsMs }
    // libvips goes by the end of the name.
    const made = `${file}.v`
    try {
      const options = { failOn: 'error', limitInputPixels: limits.animationPixelsMax, sequentialRead: true, pages: -1 } as const
      const { width, height } = await sharp(bytes, options).toColourspace('srgb').ensureAlpha().toFile(made)
      if (width !== probe.width || height !== probe.height * durationsMs.length) throw contradiction()
    } catch (error) {
      throw decodeError(error)
    }
    const handle = await open(made, 'r+')
    try {
      const end = LEAD_BYTES + pixelBytesOf(frames)
      if ((await handle.stat()).size < end) throw contradiction()
      await handle.write(movLead(frames), 0, LEAD_BYTES, 0)
      await handle.truncate(end)
      const tail = movTail(frames)
      await handle.write(tail, 0, tail.length, end)
    } finally {
      await handle.close()
    }
    await rename(made, file)
  }
}
