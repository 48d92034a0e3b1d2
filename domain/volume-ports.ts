/** What the blob store needs of the books on its volumes, and what it gives to those who look after them. */

/** The right to append to a volume, as the directory gives it. */
export interface VolumeLease {
  readonly volume: number
  /** Of this holder. Whoever takes the volume over has a higher one, and every change asks for the one it knows. */
  readonly epoch: number
  /** For how long nobody takes the volume over, counted from before it was asked for; Infinity where leases are not kept. */
  readonly leaseMs: number
}

/** Which volumes there are and who may write them; the catalog's in production. */
export interface VolumeDirectory {
  /** A fresh volume of which `writer` alone holds the lease. */
  allot(writer: string): Promise<VolumeLease>
  /** Volumes that `writer` held open when it last stopped, newest first: to be recovered, then appended to or sealed. */
  openOf(writer: string): Promise<VolumeLease[]>
  /** A longer lease, or null: the volume was taken over, or an operator wants it back, and its holder must not append. */
  renew(lease: VolumeLease): Promise<VolumeLease | null>
  /** Whether it was sealed: false when the volume has a later holder, who seals it. */
  seal(lease: VolumeLease, bytes: number): Promise<boolean>
}

/**
 * open: its holder appends. sealed: nobody does. merged: as sealed, and its bytes are one large object.
 * retired: sealed or merged, and nothing is left in it.
 */
export type VolumeState = 'open' | 'sealed' | 'merged' | 'retired'

export interface VolumeRow {
  readonly volume: number
  readonly writer: string
  readonly epoch: number
  readonly state: VolumeState
  /** How long the holder's lease still lasts; 0 when it has run out, null when its holder keeps none. */
  readonly leaseMs: number | null
  /** Which rewriting of the volume counts: 0 is what the writer wrote. */
  readonly generation: number
  /** Known when it is sealed. */
  readonly bytes: number | null
  /** Of needles that are erased or replaced and that no rewriting has left out yet, as far as it is known; and of all others. */
  readonly bytesErased: number
  readonly bytesHeld: number
  /** Items erased whose needles no rewriting has left out yet, and how long ago the first of them was. */
  readonly keysErased: number
  readonly erasedMs: number
}

/** Objects that no longer count. Kept for readers and for second thoughts until they are due, then collected. */
export interface VolumeGarbage {
  readonly id: number
  readonly volume: number
  /** 0: the packs. */
  readonly generation: number
}

/** What a rewriting left of a volume. */
export interface Rewritten {
  readonly bytes: number
  /** Needles in it. None: the volume is retired. */
  readonly needles: number
}

/** The books of those who look after volumes. Every change is a compare-and-swap: false or null when things are no longer so. */
export interface VolumeBooks {
  volume(volume: number): Promise<VolumeRow | null>
  /** By number, those after `after`. */
  volumes(query: { readonly states: readonly VolumeState[]; readonly after?: number; readonly limit: number }): Promise<VolumeRow[]>
  /** The holder's next renewal is refused. How long its lease still lasts; null when the volume is not open. */
  revoke(volume: number): Promise<number | null>
  /** Takes an open volume over, with the next epoch; null while somebody's lease lasts. `force`: its holder is known to be gone. */
  take(volume: number, writer: string, options?: { readonly force?: boolean }): Promise<VolumeLease | null>
  /** A number for a rewriting of the volume as it is; it is garbage, due after `graceMs`, until {@link finishRewrite}. */
  beginRewrite(row: VolumeRow, graceMs: number): Promise<number | null>
  /** The rewriting counts, and what counted before is garbage, due after `graceMs`. */
  finishRewrite(row: VolumeRow, generation: number, rewritten: Rewritten, graceMs: number): Promise<boolean>
  /** The volume was rewritten in place, as `row` told of it. */
  compacted(row: VolumeRow, rewritten: Rewritten): Promise<boolean>
  /** Garbage that is due, oldest first. From now on no rewriting in it can count any more. */
  dueGarbage(limit: number): Promise<VolumeGarbage[]>
  collected(id: number): Promise<void>
}

/** What a scrub found of a volume, and what was done about it. */
export interface ScrubReport extends VolumeScrub {
  /** Bad spans that it met with, and those put right from another copy; what is left is in `bad`, and refused to readers. */
  readonly found: number
  readonly repaired: number
  readonly tookMs: number
}

/** A volume as an operator sees it. */
export interface VolumeOverview {
  readonly row: VolumeRow
  /** Null: never. */
  readonly scrub: { readonly agoMs: number; readonly report: ScrubReport } | null
}

/** What is known of volumes by those who read every byte of them. */
export interface ScrubBook {
  /** Replaces what was reported of the volume before. What is dead in it counts towards its next compaction. */
  reportScrub(report: ScrubReport): Promise<void>
  /** Every volume with its last scrub, by number, those after `after`. */
  overview(after: number, limit: number): Promise<VolumeOverview[]>
  /** Those that were not scrubbed for `everyMs`: never scrubbed ones first, then those scrubbed longest ago. */
  dueForScrub(everyMs: number, limit: number): Promise<number[]>
}

/** What those who look after volumes ask of a store that has them open. */
export interface VolumeHost {
  /** Seals the volume if this store is writing it; appends go on in another. Whether it was. */
  seal(volume: number): Promise<boolean>
  /** Lets go of what it has open of a volume that it does not write: the next read sees what is there today. */
  reopen(volume: number): Promise<void>
}

/** How a long walk over a volume is held back, stopped and followed. */
export interface CareOptions {
  readonly signal?: AbortSignal
  /** Read and written together; without it, as fast as the storage. */
  readonly bytesPerSecondMax?: number
  readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number }) => void
}

/** How far a scrub of a volume came, for another to go on from. Of the volume as it is: of one that was rewritten since it is of no use. */
export interface ScrubProgress {
  /** Which writing of the volume it is of. */
  readonly of: string
  /** Between two batches; all before it has been read. */
  readonly offset: number
  readonly lastBatch: number
  readonly epochMax: number
  readonly needles: number
  readonly deadBytes: number
  readonly bad: VolumeScrub['bad']
}

export interface ScrubOptions extends CareOptions {
  /** Where an earlier attempt came to. */
  readonly from?: ScrubProgress
  /** Told now and then of how far this one came. */
  readonly onCheckpoint?: (progress: ScrubProgress) => void
}

export interface VolumeScrub {
  readonly volume: number
  readonly bytes: number
  readonly needles: number
  readonly erasedKeys: number
  /** Of records that were erased or replaced: what a compaction frees, at least. */
  readonly deadBytes: number
  /** Where records are lost. `end` is exclusive. */
  readonly bad: readonly { readonly start: number; readonly end: number }[]
  readonly tombstoneStrayBytes: number
}

/** What became of a volume that was to be rewritten. */
export type CareOutcome =
  | { readonly done: true; readonly bytesBefore: number; readonly bytesAfter: number; readonly kept: number; readonly dropped: number }
  /** `nothing to do`; `busy`: it is written, or somebody else was faster; `no room`: its disk has none for what is left of it. */
  | { readonly done: false; readonly why: 'nothing to do' | 'busy' | 'no room' }

/**
 * Looks after sealed volumes, whatever they lie on. Everything may be stopped at any moment and begun anew: what is half
 * done counts for nothing and is cleaned up. BLOB_NOT_FOUND, BLOB_CORRUPT (a bad record is repaired first, never dropped),
 * STORAGE_FULL, STORAGE_UNAVAILABLE, CATALOG_UNAVAILABLE.
 */
export interface VolumeCare {
  /** Reads every byte of a volume and says what is wrong with it. */
  scrub(volume: number, options: ScrubOptions): Promise<VolumeScrub>
  /**
   * Rewrites a volume without its erased and replaced needles where that is due (domain/volume-care.ts), or with `force`: a
   * person wants it. One that is written is then taken from its writer when its lease runs out; until then it is busy.
   */
  compact(volume: number, options: CareOptions & { readonly force?: boolean }): Promise<CareOutcome>
  /** Puts bad spans of a sealed volume right from whatever other copies there are; gives how many. */
  repair(volume: number, options: CareOptions): Promise<number>
  /** Makes one large object of a sealed volume's packs. Volumes in files have none: nothing to do. */
  merge(volume: number, options: CareOptions): Promise<CareOutcome>
  /** Deletes objects that no longer count and whose time of grace is over; gives their number. */
  collectGarbage(options: CareOptions): Promise<number>
  /** Seals volumes whose holder's lease has run out; gives their numbers. */
  sealAbandoned(options: CareOptions): Promise<number[]>
}
