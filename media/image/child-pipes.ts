import { readSync, writeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { giveBack } from '../../domain/bytes.ts'

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

/**
 * The parent's side: files of these sizes from a stream that nobody else reads; they share memory that is the caller's alone.
 * An Error when it ends before, or when they are more than `bytesMax`.
 */
export async function collect(stream: Readable, sizes: readonly number[], bytesMax: number): Promise<Uint8Array<ArrayBuffer>[]> {
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  if (!sizes.every((size) => Number.isInteger(size) && size >= 0) || bytes > bytesMax) throw new Error(`files of ${sizes.join(', ')} bytes`)
  const whole = new Uint8Array(bytes)
  if (bytes > 0) await fill(whole, stream)
  let end = 0
  return sizes.map((size) => whole.subarray(end, (end += size)))
}

/** Pieces come as they were read, never joined: the first that goes beyond the end is put back for whoever reads on. */
async function fill(whole: Uint8Array, stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) throw new Error('the files ended early')
  await new Promise<void>((resolve, reject) => {
    let at = 0
    const onPiece = (piece: Buffer) => {
      const room = whole.length - at
      whole.set(room < piece.length ? piece.subarray(0, room) : piece, at)
      at += Math.min(room, piece.length)
      if (at === whole.length) {
        settle()
        if (room < piece.length) stream.unshift(piece.subarray(room))
        resolve()
      }
      if (piece.length <= room) giveBack(piece)
    }
    const onEnd = () => {
      settle()
      reject(new Error('the files ended early'))
    }
    const settle = () => {
      stream.off('data', onPiece).off('end', onEnd).off('close', onEnd)
      stream.pause()
    }
    stream.on('end', onEnd).on('close', onEnd).on('data', onPiece).resume()
  })
}
