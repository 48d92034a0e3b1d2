import { bornMs, type MediaId } from '../domain/ids.ts'
import type { Edits } from '../domain/edits.ts'
import type { ItemError, Manifest, MediaKind, MediaRow, MediaState, Progress, Stage } from '../domain/media.ts'

/** The columns that make a {@link MediaRow}, and what pg gives for them. */
export const mediaColumns = `id, tenant, kind, state, stage, progress, version, revision, preset, filter, edits, source_type, source_bytes,
  source_sha256, manifest, error`

export interface MediaColumns {
  readonly id: MediaId
  readonly tenant: string
  readonly kind: MediaKind
  readonly state: MediaState
  readonly stage: Stage
  readonly progress: Progress | null
  readonly version: number
  readonly revision: number
  readonly preset: string
  readonly filter: string | null
  readonly edits: Edits | null
  readonly source_type: string
  readonly source_bytes: number
  readonly source_sha256: string
  readonly manifest: Manifest | null
  readonly error: ItemError | null
}

export function toMediaRow(columns: MediaColumns): MediaRow {
  const { progress, manifest, error, edits } = columns
  return {
    id: columns.id,
    tenant: columns.tenant,
    kind: columns.kind,
    state: columns.state,
    stage: columns.stage,
    ...(progress === null ? {} : { progress }),
    version: columns.version,
    revision: columns.revision,
    preset: columns.preset,
    filter: columns.filter,
    ...(edits === null ? {} : { edits }),
    sourceType: columns.source_type,
    sourceBytes: columns.source_bytes,
    sourceSha256: columns.source_sha256,
    ...(manifest === null ? {} : { manifest }),
    ...(error === null ? {} : { error }),
    // The id says it: known before the row is there, and the same ever after.
    createdAt: new Date(bornMs(columns.id)),
  }
}
