import { codeOf, MediaError, errorTable, isErrorCode, outcomeOf } from '../domain/errors.ts'
import type { MediaStore } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { readyData, refusedData, type ItemUrls } from '../events/build.ts'

export interface SettleDeps {
  readonly catalog: MediaStore
  readonly urls: ItemUrls
}

/** The good end: state ready and event media.ready in one transaction. */
export function announce({ catalog, urls }: SettleDeps) {
  return async (input: IngestInput): Promise<void> => {
    const row = await catalog.get(input.mediaId)
    if (!row) throw new MediaError('MEDIA_NOT_FOUND')
    await catalog.settle(input.mediaId, { state: 'ready', event: readyData(row, urls.fileUrl) })
  }
}

/**
 * The other end, after what was begun is undone: rejected when the table says that the bytes are at
 * fault, failed when we are. An item erased meanwhile is left as it is.
 */
export function refuse({ catalog }: SettleDeps) {
  return async (input: IngestInput, failureType: string): Promise<'rejected' | 'failed' | 'erased'> => {
    const code = isErrorCode(failureType) ? failureType : 'INTERNAL'
    const row = await catalog.get(input.mediaId)
    if (!row) throw new MediaError('MEDIA_NOT_FOUND')
    if (row.state === 'erased') return 'erased'
    const state = outcomeOf(code)
    const error = { code, title: errorTable[code].title }
    try {
      await catalog.settle(input.mediaId, { state, error, event: refusedData(row, error) })
    } catch (reason) {
      if (codeOf(reason) === 'MEDIA_ERASED') return 'erased'
      throw reason
    }
    return state
  }
}
