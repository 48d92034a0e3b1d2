/** What the store needs of a place where volumes lie. Implementations: memory-backend, file-backend, object-backend. */
import type { Loan } from './disk.ts'
import type { NeedleIndex } from './needle-index.ts'
import type { Superblock } from './superblock.ts'

export interface LogEntry {
  readonly key: bigint
  readonly alt: number
  /** Of the record in the volume. */
  readonly offset: number
  /** Of the record: header, data, footer, padding. */
  readonly bytes: number
}

/** One or more whole batches, encoded, to be made durable together. */
export interface Commit {
  /** Where the commit before it ends. */
  readonly base: number
  readonly bytes: Uint8Array
  readonly entries: readonly LogEntry[]
  /** Number of the last batch in it. */
  readonly lastBatch: number
}

/** The tail of a volume that this process alone appends to. */
export interface VolumeLog {
  readonly superblock: Superblock
  /** Of this writer; goes into every record. */
  readonly epoch: number
  /** Of what is durable. */
  readonly end: number
  readonly lastBatch: number
  /** Commits that may be on their way at once. They become durable in order: after one that fails, none does. */
  readonly commitsMax: number
  /** What the log adds of its own after a commit of so many needles. */
  trailerOf(entries: number): { readonly bytes: number; readonly batches: number }
  /** Memory for commits, of at least so many bytes: one that lies as far into a page of it as into one of the volume need not be copied. For one or for many. */
  memoryOf?(bytes: number, use: 'once' | 'again'): Uint8Array
  /**
   * Durable when it returns. Any error means that nothing may be appended any more: what the bytes
   * became cannot be known. VOLUME_FENCED, STORAGE_FULL, STORAGE_UNAVAILABLE.
   */
  commit(commit: Commit): Promise<void>
  /** Nothing is appended any more, by whomever. Gives back space reserved ahead; returns the volume's size in bytes. */
  seal(): Promise<number>
  close(): Promise<void>
  /** Lets go of a volume that another may hold: as close, and not a byte is written. Nothing after a close. */
  abandon(): Promise<void>
}

/** Thrown by a view's read: the volume was rewritten, and its index now says where the bytes lie. */
export class Moved extends Error {}

/** A volume as readers see it. */
export interface VolumeView {
  readonly superblock: Superblock
  readonly index: NeedleIndex
  /** Graves: keys with a tombstone, and versions of keys (tombstone.ts). Final: whatever of them lies in the volume, now or later, is unreadable. */
  readonly erased: ReadonlySet<bigint>
  /** Parts of the volume are damaged, so a needle that is not in the index may have been in it. */
  readonly damaged: boolean
  /** Whether other processes may append to the volume. */
  readonly foreign: boolean
  /** Bytes from `offset`, fewer where the volume ends. One device read, or one range request. {@link Moved}. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** A record, as by `read`, in memory that is used again once it is released; perhaps checked already. */
  lend?(offset: number, length: number): Promise<Loan>
  /** Whether the volume was written anew or repaired since it was opened, so that it has to be opened again. */
  isStale(): Promise<boolean>
  /** Learns of needles that other processes appended. */
  refresh(): Promise<void>
  /** Learns of tombstones that other processes wrote. */
  refreshErased(): Promise<void>
  /** Writes a tombstone of a grave, durable when it returns. Any process may, at any time, beside a writer. */
  erase(grave: bigint): Promise<void>
  close(): Promise<void>
}

export interface OwnVolume {
  readonly log: VolumeLog
  readonly view: VolumeView
}

export interface VolumeBackend {
  /** A new, empty volume; durable and visible to every reader when it returns. */
  create(volume: number, epoch: number): Promise<OwnVolume>
  /**
   * A volume that this writer held when it stopped: what was acknowledged is all there, a torn tail is
   * cut off. `log` is null when the volume must not be appended to: damaged, or held by a later epoch.
   */
  recover(
    volume: number,
    epoch: number,
  ): Promise<{ readonly log: VolumeLog | null; readonly view: VolumeView; readonly bytes: number } | null>
  /** For reading; null when there is no such volume. */
  open(volume: number): Promise<VolumeView | null>
  close(): Promise<void>
}

/** What an operator wants to hear of. */
export type BlobReport =
  | { readonly kind: 'torn tail cut'; readonly volume: number; readonly end: number }
  | { readonly kind: 'damage'; readonly volume: number; readonly start: number; readonly end: number }
  | { readonly kind: 'tombstone damage'; readonly volume: number; readonly bytes: number }
  | { readonly kind: 'volume missing' | 'volume superseded' | 'volume taken over'; readonly volume: number }
  | {
      readonly kind: 'volume fenced' | 'copy of no use' | 'recovery failed' | 'seal failed' | 'snapshot failed' | 'garbage kept'
      readonly volume: number
      readonly error: unknown
    }

export type Report = (report: BlobReport) => void
