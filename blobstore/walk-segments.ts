import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { ALIGN_BYTES, HEADER_BYTES, recordBytes } from './layout.ts'
import { checkBody, decodeHeader, type RecordHeader, seedOf } from './needle.ts'
import { readObject } from './object-reads.ts'
import { createPace, type WalkOptions } from './pace.ts'
import type { Span } from './scan.ts'
import type { Superblock } from './superblock.ts'

/** A run of whole records of a volume, in one object. */
export interface Segment {
  readonly key: string
  /** Where the object's first byte lies in the volume. */
  readonly base: number
  /** Where its records begin: after the superblock, where it has one. */
  readonly start: number
  readonly end: number
}

export interface SegmentRecord {
  readonly offset: number
  readonly bytes: number
  readonly header: RecordHeader
  readonly data: Uint8Array
}

export interface BadSpan {
  readonly bad: Span
}

const WINDOW_BYTES = 8 * 1024 ** 2

/**
 * Every record of a volume on objects, in order, each byte read once and checked, a few megabytes a request. What is
 * bad is told as spans, and the walk goes on at the next record that is whole. VOLUME_UNKNOWN_FORMAT.
 */
export async function* walkSegments(
  objects: ObjectStore,
  superblock: Superblock,
  segments: readonly Segment[],
  options: WalkOptions,
): AsyncGenerator<SegmentRecord | BadSpan> {
  const pace = createPace(
    options,
    segments.reduce((sum, { start, end }) => sum + end - start, 0),
  )
  const seed = seedOf(superblock.uuid)
  for (const segment of segments) {
    const window = windowOf(objects, segment, pace)
    let badFrom: number | null = null
    let at = segment.start
    while (at < segment.end) {
      const found = await recordAt(window, at, segment.end, seed)
      if (found === null) {
        badFrom ??= at
        at += ALIGN_BYTES
        continue
      }
      if (badFrom !== null) yield { bad: { start: badFrom, end: at } }
      badFrom = null
      yield found
      at += found.bytes
    }
    if (badFrom !== null) yield { bad: { start: badFrom, end: segment.end } }
  }
}

/** As {@link walkSegments}, where nothing may be bad. BLOB_CORRUPT. */
export async function* walkSound(...given: Parameters<typeof walkSegments>): AsyncGenerator<SegmentRecord> {
  for await (const found of walkSegments(...given)) {
    if ('bad' in found) {
      const { start } = found.bad
      throw new MediaError('BLOB_CORRUPT', 'The volume has bad records.', { facts: { volume: given[1].volume, offset: start } })
    }
    yield found
  }
}

type Window = (offset: number, length: number) => Promise<Uint8Array>

function windowOf(objects: ObjectStore, { key, base, end }: Segment, pace: (bytes: number) => Promise<void>): Window {
  let start = 0
  let held: Uint8Array = new Uint8Array(0)
  return async (offset, length) => {
    if (offset < start || offset + length > start + held.byteLength) {
      const want = Math.min(Math.max(length, WINDOW_BYTES), end - offset)
      const range = { start: offset - base, end: offset - base + want - 1 }
      // What is gone, or cut short, is bad: as zeros it passes for nothing.
      const read = (await readObject(objects, key, range).catch(unlessCutShort)) ?? new Uint8Array(0)
      held = new Uint8Array(want)
      held.set(read.subarray(0, want))
      start = offset
      await pace(want)
    }
    return held.subarray(offset - start, offset - start + length)
  }
}

function unlessCutShort(error: unknown): null {
  if (error instanceof MediaError && error.code === 'RANGE_NOT_SATISFIABLE') return null
  throw error
}

async function recordAt(window: Window, at: number, end: number, seed: number): Promise<SegmentRecord | null> {
  if (at + HEADER_BYTES > end) return null
  const header = decodeHeader(await window(at, HEADER_BYTES), 0, seed)
  if (header === 'unknown')
    throw new MediaError('VOLUME_UNKNOWN_FORMAT', 'A record has a version or type that this release does not know.', {
      facts: { offset: at },
    })
  if (header === null) return null
  const bytes = recordBytes(header.length)
  if (at + bytes > end) return null
  const body = checkBody(await window(at, bytes), 0, header.length)
  return body === null ? null : { offset: at, bytes, header, data: body.data }
}
