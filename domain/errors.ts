/**
 * The one table of error codes. A code decides three things: whether trying again can help, which
 * HTTP status an API answer carries, and what the person in front of it can do.
 */
interface ErrorRow {
  readonly retry: boolean
  readonly status: number
  readonly title: string
  readonly advice: string
}

export const errorTable = {
  UPLOAD_EMPTY: { retry: false, status: 400, title: 'The upload has no bytes.', advice: 'Send the file itself as the request body.' },
  UPLOAD_TOO_LARGE: { retry: false, status: 413, title: 'The file is larger than the limit.', advice: 'Send a smaller file.' },
  UPLOAD_INCOMPLETE: {
    retry: true,
    status: 400,
    title: 'The connection ended before the whole body had arrived.',
    advice: 'Send the upload again.',
  },
  UPLOAD_STALLED: {
    retry: true,
    status: 408,
    title: 'The body stood still, or came too slowly.',
    advice: 'Send the upload again over a steadier connection.',
  },
  UPLOADS_TOO_MANY: {
    retry: true,
    status: 503,
    title: 'Too many files are being sent at once.',
    advice: 'Send the upload again after the time in Retry-After.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    retry: false,
    status: 415,
    title: 'This type of file is not accepted.',
    advice: 'Convert it to JPEG, PNG, WebP, GIF, HEIC, AVIF, MP4, MOV, WebM or Matroska.',
  },
  MEDIA_TYPE_MISMATCH: {
    retry: false,
    status: 415,
    title: 'The bytes are not of the type that was declared.',
    advice: 'Declare the real type, or leave it out.',
  },
  MEDIA_CORRUPT: { retry: false, status: 422, title: 'The file is damaged or incomplete.', advice: 'Export it again and send it anew.' },
  MEDIA_TOO_MANY_PIXELS: {
    retry: false,
    status: 422,
    title: 'The picture has more pixels than the limit.',
    advice: 'Send it at a smaller size.',
  },
  MEDIA_TOO_LONG: {
    retry: false,
    status: 422,
    title: 'The video or animation is longer than the limit.',
    advice: 'Trim it and send it anew.',
  },
  MEDIA_TOO_COSTLY: {
    retry: false,
    status: 422,
    title: 'Decoding the file takes more time or memory than the limit.',
    advice: 'Export it as a plain JPEG or H.264 MP4.',
  },
  MEDIA_NO_VIDEO: {
    retry: false,
    status: 422,
    title: 'The file has no video track that can be decoded.',
    advice: 'Send a file with a video track.',
  },
  MEDIA_BLOCKED: {
    retry: false,
    status: 422,
    title: 'The picture is on the list of those that are not shown here.',
    advice: 'Nothing can be done with this picture; whoever runs this service keeps the list.',
  },
  MEDIA_NOT_FOUND: { retry: false, status: 404, title: 'There is no such item.', advice: 'Check the id and the API key.' },
  MEDIA_NOT_FAILED: {
    retry: false,
    status: 409,
    title: 'Only an item that failed can be tried again.',
    advice: 'Look at its state; a rejected file has to be sent anew.',
  },
  ORIGINAL_GONE: {
    retry: false,
    status: 410,
    title: 'The original of this item is not kept.',
    advice: 'Send the file anew.',
  },
  VERSION_REPLACED: {
    retry: false,
    status: 410,
    title: 'This version of the item was replaced, and is not kept any more.',
    advice: 'Ask for the item again: it tells the addresses of what is current.',
  },
  MEDIA_ERASED: { retry: false, status: 410, title: 'The item was erased.', advice: 'Nothing can be done: erasure is final.' },
  PRESET_UNKNOWN: {
    retry: false,
    status: 400,
    title: 'There is no preset of that name.',
    advice: 'Use one of the names that GET /console/config.json lists; the README says what each stands for.',
  },
  FILTER_UNKNOWN: {
    retry: false,
    status: 400,
    title: 'There is no filter of that name.',
    advice: 'Use one of the names that GET /console/config.json lists; the README says what each stands for.',
  },
  EDIT_INVALID: {
    retry: false,
    status: 400,
    title: 'An edit has no value that it can have.',
    advice: 'See the detail for the range.',
  },
  ENHANCE_IMPOSSIBLE: {
    retry: false,
    status: 409,
    title: 'The item cannot be encoded at higher effort.',
    advice: 'Ask for it once a photo is ready; videos and what moves cannot.',
  },
  GRANT_ENDED: {
    retry: false,
    status: 403,
    title: 'The signed address is wrong or has ended.',
    advice: 'Ask for the item again: it comes with a new address.',
  },
  VARIANT_INVALID: {
    retry: false,
    status: 400,
    title: 'The address asks for a variant in a form that there is not.',
    advice: 'Write the width first and the format last: w_800,f_auto or w_300,h_300,c_fill,f_webp. See the detail.',
  },
  VARIANT_REFUSED: {
    retry: false,
    status: 403,
    title: 'The address is neither signed nor of a size that may be asked for.',
    advice: 'Ask for one of the sizes that the item lists (variantSizes), or have the address signed anew.',
  },
  VARIANTS_TOO_MANY: {
    retry: false,
    status: 429,
    title: 'The item has as many variants as it may have.',
    advice: 'Use a variant that there is.',
  },
  VARIANTS_BUSY: {
    retry: true,
    status: 503,
    title: 'The variant is not ready yet.',
    advice: 'Ask again in a moment.',
  },
  CAPTIONS_INVALID: {
    retry: false,
    status: 422,
    title: 'The captions are not WebVTT, or have more in them than the limits.',
    advice: 'See the detail; export them as WebVTT.',
  },
  CAPTIONS_IMPOSSIBLE: {
    retry: false,
    status: 409,
    title: 'There is no film to give captions to.',
    advice: 'The upload was rejected or has failed: see its error. A failed one can be tried again first.',
  },
  PARAMETER_UNKNOWN: {
    retry: false,
    status: 400,
    title: 'The address has a parameter that is not known here.',
    advice: 'See the detail for the name that was meant; nothing was done.',
  },
  REQUEST_INVALID: { retry: false, status: 400, title: 'The request is not well formed.', advice: 'See the detail.' },
  ROUTE_NOT_FOUND: { retry: false, status: 404, title: 'There is nothing at this address.', advice: 'Check the path.' },
  METHOD_NOT_ALLOWED: { retry: false, status: 405, title: 'This address does not take that method.', advice: 'See the Allow header.' },
  RANGE_NOT_SATISFIABLE: { retry: false, status: 416, title: 'The range lies outside the file.', advice: 'Ask for a range inside it.' },
  UNAUTHENTICATED: { retry: false, status: 401, title: 'The API key is missing or wrong.', advice: 'Send Authorization: Bearer KEY.' },
  CLIENTS_TOO_MANY: {
    retry: true,
    status: 503,
    title: 'Too many clients follow events at once.',
    advice: 'Ask for the item itself, or try again later.',
  },
  BLOB_NOT_FOUND: { retry: false, status: 404, title: 'There is no such needle.', advice: 'Check the URL.' },
  BLOB_CORRUPT: {
    retry: false,
    status: 500,
    title: 'A stored needle fails its checksum.',
    advice: 'An operator has to repair the volume.',
  },
  VOLUME_FENCED: { retry: true, status: 503, title: 'The volume no longer takes writes.', advice: 'Try again: another volume is opened.' },
  VOLUME_BROKEN: {
    retry: true,
    status: 503,
    title: 'A volume that holds needles of the item takes no tombstone.',
    advice: 'An operator has to repair the volume; it goes on by itself then.',
  },
  VOLUME_UNKNOWN_FORMAT: {
    retry: false,
    status: 500,
    title: 'The volume has a format version that this release does not know.',
    advice: 'Use the release that wrote it, or a newer one.',
  },
  OBJECT_NOT_FOUND: { retry: false, status: 404, title: 'There is no such object.', advice: 'Check the key.' },
  OBJECT_EXISTS: { retry: false, status: 409, title: 'An object of that key exists already.', advice: 'Use another key.' },
  SHARD_TAKEN: {
    retry: true,
    status: 503,
    title: 'Another process gives out the same ids.',
    advice: 'Give each api process an ID_SHARD of its own.',
  },
  STORAGE_FULL: {
    retry: true,
    status: 507,
    title: 'There is no space left to store this.',
    advice: 'Free space or add a disk; the work goes on by itself.',
  },
  QUOTA_EXCEEDED: {
    retry: false,
    status: 507,
    title: 'There is no room left for this in the quota.',
    advice: 'Delete what is not needed, or ask for a larger quota.',
  },
  STORAGE_UNAVAILABLE: { retry: true, status: 503, title: 'The storage does not answer.', advice: 'Try again later.' },
  CATALOG_UNAVAILABLE: { retry: true, status: 503, title: 'The database does not answer.', advice: 'Try again later.' },
  CATALOG_CHANGED: {
    retry: false,
    status: 500,
    title: 'The database was set up by a release that this one does not follow.',
    advice: 'Use the release that set it up, or another database.',
  },
  INGEST_CANCELLED: {
    retry: true,
    status: 500,
    title: 'The processing was stopped by an operator.',
    advice: 'Try the item again.',
  },
  INGEST_ENDED: {
    retry: true,
    status: 500,
    title: 'The processing ended without an outcome.',
    advice: 'Look at its workflow, then try the item again.',
  },
  WORKER_LOST: { retry: true, status: 503, title: 'The process doing the work ended.', advice: 'It is tried again by itself.' },
  EDGE_UNAVAILABLE: { retry: true, status: 503, title: 'An edge does not answer the purge.', advice: 'It is tried again by itself.' },
  NOT_YET_REFUSED: {
    retry: true,
    status: 503,
    title: 'An erased item is still being answered.',
    advice: 'It is purged and verified again by itself.',
  },
  ENGINE_MISSING: { retry: false, status: 500, title: 'A tool that this needs is not installed.', advice: 'Run npm run setup.' },
  ENGINE_FAILED: { retry: true, status: 500, title: 'A server that this needs did not start, or ended.', advice: 'See its log.' },
  PORT_IN_USE: {
    retry: false,
    status: 500,
    title: 'A port that this needs is in use by another program.',
    advice: 'End that program or choose other ports.',
  },
  HOME_IN_USE: {
    retry: false,
    status: 500,
    title: 'The data folder is in use by another start.',
    advice: 'End that one or choose another folder.',
  },
  INTERNAL: { retry: true, status: 500, title: 'Something went wrong on our side.', advice: 'Try again later.' },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

/** An error of the world (not a bug): carries a code of the table and, for logs, what it was about. */
export class MediaError extends Error {
  readonly code: ErrorCode
  readonly facts: Readonly<Record<string, string | number | boolean>>

  constructor(code: ErrorCode, detail?: string, options: { cause?: unknown; facts?: Record<string, string | number | boolean> } = {}) {
    super(detail ?? errorTable[code].title, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MediaError'
    this.code = code
    this.facts = options.facts ?? {}
  }
}

/** Whether trying the same thing again can help. Unknown errors may be retried: they are ours. */
export function isRetryable(error: unknown): boolean {
  return !(error instanceof MediaError) || errorTable[error.code].retry
}

/** The code of any thrown value; what is not a {@link MediaError} is INTERNAL. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof MediaError ? error.code : 'INTERNAL'
}

/**
 * How an ingest ends that cannot go on: the bytes were at fault, or we were. What is ours (a tool or an object
 * that is missing, a preset that this release has no more) can be tried again once it is mended.
 */
export function outcomeOf(code: ErrorCode): 'rejected' | 'failed' {
  const { retry, status } = errorTable[code]
  return /^(MEDIA|UPLOAD|EDIT)_/.test(code) && !retry && status < 500 ? 'rejected' : 'failed'
}

/** Narrowing for codes that crossed a process boundary as text. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text)
}
