import { MediaError } from '../domain/errors.ts'
import { captionsKey, captionsPrefix, type MediaRow, mediaTypes } from '../domain/media.ts'
import { formatWebVtt, parseWebVtt } from '../domain/webvtt.ts'
import { bodyOf } from './body.ts'
import { type Answer, type Call, json, type Parts } from './call.ts'
import { ownRow } from './media-routes.ts'
import { tooLarge } from './meter.ts'

export const captionParameters = ['language'] as const

/**
 * POST /v1/media/{id}/captions?language=en: WebVTT on the clock of the film that was uploaded. What is kept of it is read and written
 * anew, so that players are given nothing but cues. Given after the film's playlists are made, they are put into them. CAPTIONS_INVALID,
 * CAPTIONS_IMPOSSIBLE.
 */
export async function postCaptions(call: Call, parts: Parts): Promise<Answer> {
  const row = await ownFilm(call, parts)
  const { limits, objects } = parts
  const language = languageOf(call.query.get('language'))
  call.proceed()
  const body: Buffer[] = []
  let bytes = 0
  for await (const part of bodyOf(call.request, { idleMsMax: limits.uploadIdleMsMax, bytesPerSecondMin: limits.uploadBytesPerSecondMin })) {
    bytes += part.byteLength
    if (bytes > limits.captionBytesMax) throw tooLarge(limits.captionBytesMax)
    body.push(part)
  }
  const cues = parseWebVtt(decoded(Buffer.concat(body)), limits)
  const key = captionsKey(row.id, language, 'given')
  const others = (await keysOf(objects, row.id)).filter((other) => other !== key)
  if (others.length >= limits.captionTracksMax)
    throw new MediaError('CAPTIONS_INVALID', `An item has captions in at most ${limits.captionTracksMax} languages.`)
  const { captionChanges, captions = [] } = row.manifest ?? {}
  if ((captionChanges?.stored ?? captions.length) >= limits.captionsStoredMax)
    throw new MediaError('CAPTIONS_INVALID', `A film's captions are changed at most ${limits.captionsStoredMax} times.`)
  await objects.put(key, new TextEncoder().encode(formatWebVtt(cues)), { type: mediaTypes.vtt })
  await takeUp(row, parts, [key])
  return json(202, { language, cues: cues.length })
}

/** DELETE /v1/media/{id}/captions?language=en: those that were given and those within the upload. May be repeated. */
export async function deleteCaptions(call: Call, parts: Parts): Promise<Answer> {
  const row = await ownFilm(call, parts)
  const language = languageOf(call.query.get('language'))
  for (const origin of ['given', 'found'] as const) await parts.objects.delete(captionsKey(row.id, language, origin))
  // What is within the upload may still be looked for: an empty text given takes its place.
  if (isOpen(row))
    await parts.objects.put(captionsKey(row.id, language, 'given'), new TextEncoder().encode('WEBVTT\n'), { type: mediaTypes.vtt })
  await takeUp(row, parts, [])
  return json(202, { language, cues: 0 })
}

/** Sees to it that what was changed of a film's captions is shown; `given` is not left behind of a film that there is no more. */
async function takeUp({ id }: MediaRow, parts: Parts, given: readonly string[]): Promise<void> {
  // Whoever assembles the film says so before it looks at what captions there are.
  const now = await parts.catalog.get(id)
  if (now && isOpen(now)) return
  if (now && isMade(now)) return await parts.starter.recaption(now)
  for (const key of given) await parts.objects.delete(key)
  throw new MediaError(now?.state === 'erased' ? 'MEDIA_ERASED' : 'CAPTIONS_IMPOSSIBLE')
}

async function ownFilm(call: Call, parts: Parts): Promise<MediaRow> {
  const row = await ownRow(call, parts)
  if (row.state === 'erased') throw new MediaError('MEDIA_ERASED')
  if (row.kind !== 'video') throw new MediaError('REQUEST_INVALID', 'Captions are of a film, and this is a photo.')
  if (!isOpen(row) && !isMade(row)) throw new MediaError('CAPTIONS_IMPOSSIBLE')
  return row
}

async function keysOf(objects: Parts['objects'], id: MediaRow['id']): Promise<string[]> {
  const keys = []
  for await (const { key } of objects.list(captionsPrefix(id))) keys.push(key)
  return keys
}

/** Whether the film's playlists are still to be made. */
function isOpen({ state, stage }: Pick<MediaRow, 'state' | 'stage'>): boolean {
  return isUnderWay(state) && (stage === 'received' || stage === 'admit' || stage === 'develop')
}

/** Whether they are made, or being made without what is given now. */
function isMade({ state }: Pick<MediaRow, 'state'>): boolean {
  return state === 'ready' || isUnderWay(state)
}

function isUnderWay(state: MediaRow['state']): boolean {
  return state === 'processing' || state === 'playable'
}

/** A BCP 47 tag in its canonical form. */
function languageOf(given: string | null): string {
  try {
    const [language] = given && given.length <= 35 ? Intl.getCanonicalLocales(given) : []
    if (language !== undefined && /^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/.test(language)) return language
  } catch {
    // Told below.
  }
  throw new MediaError('REQUEST_INVALID', 'language is a BCP 47 tag, such as en or pt-BR.')
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new MediaError('CAPTIONS_INVALID', 'The text is not UTF-8.')
  }
}
