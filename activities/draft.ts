import { keyOf } from '../domain/ids.ts'
import type { Manifest, PrivateFacts, Rendition, StoredFile } from '../domain/media.ts'
import type { BlobStore, CheckpointStore, EncodedFile } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'

/**
 * What develop leaves for publish, kept in the catalog and not in the workflow's history: a long video's
 * manifest is large, and private facts have no business there.
 */
export interface Draft {
  readonly manifest: Manifest
  readonly facts: PrivateFacts
  readonly fingerprint?: string
}

const DRAFT = 'draft'

/** Files as one batch with one durable acknowledgement; the renditions that they have become. */
export async function storeFiles(
  blobs: BlobStore,
  input: Pick<IngestInput, 'mediaId'>,
  files: readonly EncodedFile[],
): Promise<Rendition[]> {
  const key = keyOf(input.mediaId)
  const locators = await blobs.append(files.map((file) => ({ key, alt: file.alt, data: file.data })))
  return files.map((file, index) => ({
    name: file.name,
    type: file.type,
    width: file.width,
    height: file.height,
    bytes: file.data.byteLength,
    ...(file.encodeMs === undefined ? {} : { encodeMs: file.encodeMs }),
    locator: must(locators[index]),
  }))
}

/**
 * Gives the memory of a picture's files back, where an image studio has made them and they are stored: their bytes are gone
 * then. Left to the collector, which looks at a small heap and comes late, tens of megabytes would wait for it.
 */
export function forgetFiles(files: readonly Pick<EncodedFile, 'data'>[]): void {
  for (const buffer of new Set(files.map(({ data }) => data.buffer))) if (buffer instanceof ArrayBuffer) buffer.transfer(0)
}

/** The same for one file that is only reached through others. */
export function storedFile(name: string, type: string, bytes: number, locator: StoredFile['locator'] | undefined): StoredFile {
  return { name, type, bytes, locator: must(locator) }
}

/** What is kept of a file that is reached through others. */
export function fileOf({ name, type, bytes, locator }: StoredFile): StoredFile {
  return { name, type, bytes, locator }
}

export async function saveDraft(checkpoints: CheckpointStore, input: IngestInput, draft: Draft): Promise<void> {
  await checkpoints.finish(input.mediaId, input.version, DRAFT, draft)
}

/** The draft of an item that has been developed. Its absence is a bug: steps ran out of order. */
export async function loadDraft(checkpoints: CheckpointStore, input: IngestInput): Promise<Draft> {
  const result = await checkpoints.finished(input.mediaId, input.version, DRAFT)
  if (result === undefined) throw new Error(`${input.mediaId} has not been developed`)
  return result as Draft
}

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a value that must be there is missing')
  return value
}
