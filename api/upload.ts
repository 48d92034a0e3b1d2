import { editParameters, parseEdits } from '../domain/edits.ts'
import { codeOf, MediaError } from '../domain/errors.ts'
import { bornMs, type MediaId } from '../domain/ids.ts'
import { type MediaRow, originalKey } from '../domain/media.ts'
import type { NewMedia } from '../domain/ports.ts'
import { admitType, kindOf } from '../domain/sniff.ts'
import { bodyOf, joined, takeHead } from './body.ts'
import { type Answer, type ApiObjects, type Call, json, type Parts } from './call.ts'
import { toItem } from './item.ts'
import { factsOfError } from './logger.ts'
import { createMeter, tooLarge } from './meter.ts'
import { sayNone } from './parameters.ts'
import { withRoom } from './space.ts'

/** All that an upload's address may say. */
export const uploadParameters: readonly string[] = ['preset', 'filter', ...editParameters]

/**
 * POST /v1/uploads: the body is the file. Stored whole and durably, then committed, then begun: once the
 * 202 is sent the item cannot be lost, and until the commit nothing of it stays. What can be refused is
 * refused before a byte is stored. UPLOADS_TOO_MANY when the process has as many bodies in hand as it can hold.
 */
export async function upload(call: Call, parts: Parts): Promise<Answer> {
  return await parts.uploads.run(() => receive(call, parts))
}

async function receive(call: Call, parts: Parts): Promise<Answer> {
  const { request } = call
  const { limits } = parts
  const preset = choice(call.query, 'preset', parts.presets, 'PRESET_UNKNOWN') ?? parts.presets[0]
  if (preset === undefined) throw new Error('the API has no presets')
  const filter = choice(
    call.query,
    'filter',
    parts.filters.map(({ name }) => name),
    'FILTER_UNKNOWN',
  )
  const edits = parseEdits((name) => call.query.get(name), filter)
  const coding = request.headers['content-encoding']
  if (coding !== undefined && coding !== 'identity')
    throw new MediaError('MEDIA_TYPE_UNSUPPORTED', 'Send the bytes without a Content-Encoding.')
  if (/^multipart\//i.test(request.headers['content-type'] ?? '')) {
    throw new MediaError('REQUEST_INVALID', "Send the file's bytes themselves as the body (curl --data-binary @file), not a form.")
  }
  const declaredBytes = request.headers['content-length'] === undefined ? null : Number(request.headers['content-length'])
  if (declaredBytes === 0) throw new MediaError('UPLOAD_EMPTY')
  if (declaredBytes !== null && declaredBytes > limits.uploadBytesMax) throw tooLarge(limits.uploadBytesMax)

  const asked = { preset, filter, ...(edits ? { edits } : {}) }
  // A body of a length that is not told is given room when its kind is known.
  if (declaredBytes === null) return take(call, parts, asked, null)
  return withRoom(parts, call.tenant, declaredBytes, (reservation) => take(call, parts, asked, { declaredBytes, reservation }))
}

interface Room {
  readonly declaredBytes: number
  readonly reservation: number | null
}

async function take(call: Call, parts: Parts, asked: Pick<NewMedia, 'preset' | 'filter' | 'edits'>, room: Room | null): Promise<Answer> {
  const { request } = call
  const { limits, objects } = parts
  call.proceed()
  const body = bodyOf(request, { idleMsMax: limits.uploadIdleMsMax, bytesPerSecondMin: limits.uploadBytesPerSecondMin })
  const head = await takeHead(body, limits.sniffBytes)
  if (head.length === 0) throw new MediaError('UPLOAD_EMPTY')
  const sourceType = admitType(Buffer.concat(head), request.headers['content-type'] ?? null)
  const kind = kindOf(sourceType)
  if (asked.edits?.trim && kind === 'image') throw new MediaError('EDIT_INVALID', 'start and end are of a film, and this is a photo.')
  const bytesMax = kind === 'image' ? limits.uploadImageBytesMax : limits.uploadBytesMax
  if (room !== null && room.declaredBytes > bytesMax) throw tooLarge(bytesMax)

  const keep = async (reservation: number | null): Promise<Answer> => {
    const id = parts.newId()
    const meter = createMeter(bytesMax)
    await store(id, meter.through(joined(head, body)), sourceType, objects)
    const { bytes, sha256 } = meter.read()
    const media: NewMedia = { id, tenant: call.tenant, kind, ...asked, sourceType, sourceBytes: bytes, sourceSha256: sha256 }
    await commit(media, parts, reservation)
    const row = freshRow(media)
    parts.background('start', id, parts.starter.start(row))
    return json(202, toItem(row, parts.urls), { location: `/v1/media/${id}` })
  }
  return room === null ? withRoom(parts, call.tenant, bytesMax, keep) : keep(room.reservation)
}

/** Stores the original under a key that nobody has: two processes with one shard must not overwrite each other. SHARD_TAKEN. */
async function store(id: MediaId, body: AsyncIterable<Uint8Array>, type: string, objects: ApiObjects): Promise<void> {
  try {
    await objects.put(originalKey(id), body, { type, ifNoneMatch: true })
  } catch (error) {
    if (codeOf(error) !== 'OBJECT_EXISTS') throw error
    throw new MediaError('SHARD_TAKEN', `The id ${id} is taken by another upload: is an ID_SHARD used twice?`, { cause: error })
  }
}

/**
 * Commits the row. Where that fails the original is deleted, unless the row is there after all: a connection may break between the
 * database's commit and its answer. Where that cannot be known the original stays, and the sweep deletes it if there is no row.
 */
async function commit(media: NewMedia, parts: Parts, reservation: number | null): Promise<void> {
  try {
    await parts.catalog.accept(media, reservation)
  } catch (error) {
    const row = await parts.catalog.get(media.id).catch(() => undefined)
    if (row === undefined) throw error
    if (row?.sourceSha256 === media.sourceSha256) return
    await parts.objects
      .delete(originalKey(media.id))
      .catch((left) => parts.logger.error('original-left', { id: media.id, ...factsOfError(left) }))
    throw error
  }
}

/** The row that `accept` makes: known without reading it back, so that a database lost after the commit costs no second upload. */
function freshRow(media: NewMedia): MediaRow {
  return { ...media, state: 'processing', stage: 'received', version: 1, revision: 0, createdAt: new Date(bornMs(media.id)) }
}

/** The query's value when it is one of `names`; null when it is not given. */
function choice(
  query: URLSearchParams,
  name: 'preset' | 'filter',
  names: readonly string[],
  code: 'PRESET_UNKNOWN' | 'FILTER_UNKNOWN',
): string | null {
  const value = query.get(name)
  if (value === null || value === '') return null
  if (!names.includes(value)) throw new MediaError(code, sayNone(name, value, names))
  return value
}
