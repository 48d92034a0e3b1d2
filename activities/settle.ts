import { codeOf, MediaError, errorTable, isErrorCode, outcomeOf } from '../domain/errors.ts'
import type { MediaStore } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { readyData, refusedData, type ItemUrls } from '../events/build.ts'

export interface SettleDeps {
  readonly catalog: MediaStore
  readonly urls: ItemUrls
}

/** A sentence or two; libraries may say more. */
const DETAIL_CHARACTERS_MAX = 300

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
  return async (input: IngestInput, failureType: string, said = ''): Promise<'rejected' | 'failed' | 'erased'> => {
    const code = isErrorCode(failureType) ? failureType : 'INTERNAL'
    const row = await catalog.get(input.mediaId)
    if (!row) throw new MediaError('MEDIA_NOT_FOUND')
    if (row.state === 'erased') return 'erased'
    const state = outcomeOf(code)
    const { title } = errorTable[code]
    // What went wrong with us is for logs.
    const detail = state === 'rejected' && said !== title ? said.slice(0, DETAIL_CHARACTERS_MAX) : ''
    const error = { code, title, ...(detail === '' ? {} : { detail }) }
    try {
      await catalog.settle(input.mediaId, { state, error, event: refusedData(row, error) })
    } catch (reason) {
      if (codeOf(reason) === 'MEDIA_ERASED') return 'erased'
      throw reason
    }
    return state
  }
}
