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
 * anew, so that players are given nothing but cues. In time for the playlists, or CAPTIONS_LATE.
 */
export async function postCaptions(call: Call, parts: Parts): Promise<Answer> {
  const row = await ownRow(call, parts)
  const { limits, objects } = parts
  if (row.state === 'erased') throw new MediaError('MEDIA_ERASED')
  if (row.kind !== 'video') throw new MediaError('REQUEST_INVALID', 'Captions are of a film, and this is a photo.')
  if (!isOpen(row)) throw new MediaError('CAPTIONS_LATE')
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
  let others = 0
  for await (const { key } of objects.list(captionsPrefix(row.id))) if (key !== captionsKey(row.id, language, 'given')) others += 1
  if (others >= limits.captionTracksMax)
    throw new MediaError('CAPTIONS_INVALID', `An item has captions in at most ${limits.captionTracksMax} languages.`)
  await objects.put(captionsKey(row.id, language, 'given'), new TextEncoder().encode(formatWebVtt(cues)), { type: mediaTypes.vtt })
  // Whoever assembles the film says so before it looks at what captions there are.
  const now = await parts.catalog.get(row.id)
  if (!now || !isOpen(now)) {
    await objects.delete(captionsKey(row.id, language, 'given'))
    throw new MediaError(now?.state === 'erased' ? 'MEDIA_ERASED' : 'CAPTIONS_LATE')
  }
  return json(202, { language, cues: cues.length })
}

/** Whether the film's playlists are still to be made. */
function isOpen({ state, stage }: Pick<MediaRow, 'state' | 'stage'>): boolean {
  return (state === 'processing' || state === 'playable') && (stage === 'received' || stage === 'admit' || stage === 'develop')
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
