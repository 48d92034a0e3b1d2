import { readSync, writeSync } from 'node:fs'
import type { Readable } from 'node:stream'

/**
 * What goes between a decoding child and its parent besides messages. A message of megabytes is copied some five times
 * and leaves as many to the collector of a process with a large heap; here each side has the bytes once.
 */

/** The child's side: so many bytes from a descriptor that waits for them. */
export function receiveSync(descriptor: number, bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes)
  for (let at = 0; at < bytes; ) {
    const read = readSync(descriptor, whole, at, bytes - at, null)
    if (read === 0) throw new Error('the picture ended early')
    at += read
  }
  return whole
}

/** The child's side: files to a descriptor, one after another, as fast as they are taken. */
export function deliverSync(descriptor: number, files: readonly Uint8Array[]): void {
  for (const file of files) for (let at = 0; at < file.length; ) at += writeSync(descriptor, file, at, file.length - at)
}

/** The parent's side: files of these sizes from a stream that nobody else reads. An Error when it ends before, or when they are more than `bytesMax`. */
export async function collect(stream: Readable, sizes: readonly number[], bytesMax: number): Promise<Uint8Array[]> {
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  if (!sizes.every((size) => Number.isInteger(size) && size >= 0) || bytes > bytesMax) throw new Error(`files of ${sizes.join(', ')} bytes`)
  const whole = new Uint8Array(bytes)
  for (let at = 0; at < bytes; ) {
    const piece = (stream.read(Math.min(bytes - at, stream.readableLength) || undefined) as Buffer | null) ?? null
    if (piece === null) await change(stream)
    else {
      whole.set(piece, at)
      at += piece.length
    }
  }
  let end = 0
  return sizes.map((size) => whole.subarray(end, (end += size)))
}

/** Until there is something to read. */
async function change(stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) throw new Error('the files ended early')
  await new Promise<void>((resolve) => {
    const events = ['readable', 'end', 'close'] as const
    const onChange = () => {
      for (const event of events) stream.off(event, onChange)
      resolve()
    }
    for (const event of events) stream.on(event, onChange)
  })
}
