/** Port of the object stores; ports.ts hands it on. */

export interface ByteRange {
  readonly start: number
  /** Inclusive, as in HTTP. */
  readonly end: number
}

/** A range of an object. */
export interface ObjectPiece extends ByteRange {
  readonly key: string
}

export interface ComposeOptions {
  readonly ifNoneMatch?: boolean
  readonly type?: string
  /** Waited for with each some bytes that were copied, so that a large object is not made faster than it ought to be; what it throws ends the making. */
  readonly pace?: (bytes: number) => Promise<void>
}

/** Large opaque objects: originals, packs of the object blob store. Implementations: memory, file, S3. */
export interface ObjectStore {
  /**
   * Stores a stream whole or not at all, durably before it returns.
   * `ifNoneMatch`: OBJECT_EXISTS when the key is taken, decided by exactly one winner.
   * STORAGE_FULL, STORAGE_UNAVAILABLE. An error thrown by `body` is passed on and nothing is left behind. Bytes are the
   * caller's again when it returns; after an error they may still be on their way.
   */
  put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { readonly ifNoneMatch?: boolean; readonly type?: string },
  ): Promise<{ readonly bytes: number }>
  /**
   * Stores ranges of other objects, one after another, as one object; otherwise as `put`. Their bytes do not come
   * here where the server can copy them, which takes ranges of some size. OBJECT_NOT_FOUND, RANGE_NOT_SATISFIABLE.
   */
  compose(key: string, pieces: readonly ObjectPiece[], options?: ComposeOptions): Promise<{ readonly bytes: number }>
  /**
   * `fill`, where a store has it, takes the place of `body`, of which nothing may have been read: it puts all of it into a
   * buffer of `bytes`, without pieces in between that somebody has to collect. OBJECT_NOT_FOUND; RANGE_NOT_SATISFIABLE.
   */
  get(
    key: string,
    range?: ByteRange,
  ): Promise<{ readonly bytes: number; readonly body: AsyncIterable<Uint8Array>; readonly fill?: (whole: Uint8Array) => Promise<void> }>
  /** Size of an object, or null. */
  head(key: string): Promise<{ readonly bytes: number } | null>
  /** Idempotent. */
  delete(key: string): Promise<void>
  /** In key order, keys after `after` only. */
  list(prefix: string, after?: string): AsyncIterable<{ readonly key: string; readonly bytes: number }>
  /** A file path or an http(s) URL that a child process can read by range for `ttlMs`. */
  locate(key: string, ttlMs: number): Promise<string>
}
