import type { DiskState, FileState, PendingOp } from './fault-disk.ts'
import type { Random } from './random.ts'

const SECTOR_BYTES = 512

export type DiskImage = Map<string, { bytes: Uint8Array; ghost: Uint8Array }>

/**
 * What the disk may hold after the power was cut at a moment: each sector that was not synced is there or
 * not, whatever the order of writing; names that were not synced may be gone; sectors that a file grew by and that
 * never arrived are zeros, or what lay there before.
 */
export function crashImage(state: DiskState, random: Random): DiskImage {
  const image: DiskImage = new Map()
  for (const [path, file] of state) {
    if (file.nameless && random.chance(0.5)) {
      if (file.before !== null) image.set(path, { bytes: file.before, ghost: new Uint8Array(0) })
      continue
    }
    image.set(path, { bytes: fileAfter(file, random), ghost: file.ghost })
  }
  return image
}

const fates = ['none', 'all', 'prefix', 'some', 'hole'] as const

function fileAfter({ durable, pending, ghost }: FileState, random: Random): Uint8Array {
  if (pending.length === 0) return durable
  let bytes: Uint8Array = durable.slice()
  const fate = random.pick(fates)
  const sectors = pending.reduce((sum, op) => sum + (op.kind === 'cut' ? 1 : sectorsOf(op)), 0)
  const turning = random.below(sectors + 1)
  let sector = 0
  const arrives = () => {
    sector += 1
    if (fate === 'some') return random.chance(0.5)
    if (fate === 'prefix') return sector <= turning
    if (fate === 'hole') return sector !== turning
    return fate === 'all'
  }
  const showsGhost = random.chance(0.5)
  for (const op of pending) {
    if (op.kind === 'cut') {
      if (arrives()) bytes = bytes.slice(0, op.length)
      continue
    }
    for (let at = op.offset; at < op.offset + op.bytes.byteLength; ) {
      const end = Math.min((Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES, op.offset + op.bytes.byteLength)
      if (arrives()) {
        if (end > bytes.byteLength) bytes = grown(bytes, end, showsGhost ? ghost : null)
        bytes.set(op.bytes.subarray(at - op.offset, end - op.offset), at)
      }
      at = end
    }
  }
  return bytes
}

function sectorsOf({ offset, bytes }: PendingOp & { kind: 'write' }): number {
  return Math.floor((offset + bytes.byteLength - 1) / SECTOR_BYTES) - Math.floor(offset / SECTOR_BYTES) + 1
}

function grown(bytes: Uint8Array, length: number, ghost: Uint8Array | null): Uint8Array {
  const longer = new Uint8Array(length)
  if (ghost !== null) longer.set(ghost.subarray(0, length))
  longer.set(bytes)
  return longer
}

export interface Harm {
  readonly path: string
  readonly start: number
  readonly end: number
  /** What lies there now is a piece of the same file. */
  readonly astray: boolean
}

/** Rot or a misdirected write: a bit flips, or a sector holds what belongs elsewhere. Null when there is nothing to harm. */
export function harm(image: DiskImage, random: Random): Harm | null {
  const paths = [...image.keys()].filter((path) => (image.get(path)?.bytes.byteLength ?? 0) > 0)
  if (paths.length === 0) return null
  const path = random.pick(paths)
  const file = image.get(path)
  if (file === undefined) return null
  const bytes = file.bytes.slice()
  file.bytes = bytes
  // The two copies of a tombstone stand a flipped bit, not the loss of a whole sector.
  if (random.chance(0.5) || !path.endsWith('.volume')) {
    const at = random.below(bytes.byteLength)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return { path, start: at, end: at + 1, astray: false }
  }
  const start = Math.floor(random.below(bytes.byteLength) / SECTOR_BYTES) * SECTOR_BYTES
  const end = Math.min(start + SECTOR_BYTES, bytes.byteLength)
  const source = random.pick(paths)
  const other = image.get(source)?.bytes ?? bytes
  const from = Math.floor(random.below(other.byteLength) / SECTOR_BYTES) * SECTOR_BYTES
  const piece = other.slice(from, from + end - start)
  bytes.set(piece, start)
  return { path, start, end: start + piece.byteLength, astray: source === path }
}
