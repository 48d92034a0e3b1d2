import type { Locator } from '../domain/media.ts'
import type { BlobRead } from '../domain/ports.ts'
import { bytesOfStripes, readStripeIndex, stripeParts } from '../domain/striped.ts'
import type { Content } from './answer.ts'
import { etagOf } from './policy.ts'

/** A file that is one needle. */
export function contentOf({ data, crc }: BlobRead): Content {
  return {
    bytes: data.byteLength,
    etag: etagOf(crc, data.byteLength),
    part: (start, end) => data.subarray(start, end + 1),
  }
}

/** A file in stripes, of which `index` is the index: only the stripes that a part touches are read, one after another as they are taken. */
export function stripedContent(index: BlobRead, read: (stripe: Locator) => Promise<Uint8Array>): Content {
  const stripes = readStripeIndex(index.data)
  const bytes = bytesOfStripes(stripes)
  return {
    bytes,
    // The index names each stripe by its cookie, so its checksum stands for their bytes.
    etag: etagOf(index.crc, bytes),
    async *part(start, end) {
      for (const { locator, start: from, end: to } of stripeParts(stripes, start, end)) yield (await read(locator)).subarray(from, to + 1)
    },
  }
}
