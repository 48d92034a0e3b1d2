import { timingSafeEqual } from 'node:crypto'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { BlobRead } from '../domain/ports.ts'
import { checkBody, decodeHeader, seedOf } from './needle.ts'
import { Moved } from './volume-log.ts'
import type { OpenView, Volumes } from './volumes.ts'

const LOOKS_MAX = 4
const COOKIE = /^[0-9a-f]{16}$/

/**
 * The needle that a locator names, every byte checked. One device read when the volume is known.
 * BLOB_NOT_FOUND (a wrong cookie too), MEDIA_ERASED, BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT.
 */
export async function readNeedle(volumes: Volumes, key: bigint, locator: Locator): Promise<BlobRead> {
  const facts = { volume: locator.volume, alt: locator.alt }
  if (!COOKIE.test(locator.cookie)) throw new MediaError('BLOB_NOT_FOUND', undefined, { facts })
  return volumes.use(locator.volume, (opened) => {
    if (opened === null) throw new MediaError('BLOB_NOT_FOUND', undefined, { facts })
    return readFrom(opened, key, locator)
  })
}

async function readFrom(opened: OpenView, key: bigint, locator: Locator): Promise<BlobRead> {
  const facts = { volume: locator.volume, alt: locator.alt }
  const cookie = Buffer.from(locator.cookie, 'hex')
  const look = () => followed(() => lookUp(opened, key, locator.alt, cookie))
  let found = await look()
  // Another process may have appended it, or a later version of it, since this one last looked.
  if (found === null && opened.view.foreign) {
    await opened.refresh()
    found = await look()
  }
  if (found !== null) return found
  if (opened.view.damaged)
    throw new MediaError('BLOB_CORRUPT', 'The volume is damaged, and the needle is not in its sound parts.', { facts })
  throw new MediaError('BLOB_NOT_FOUND', undefined, { facts })
}

/** Looks again where a volume was rewritten meanwhile. Each rewriting is kept long enough to be read, so a second look is rare. */
async function followed(look: () => Promise<BlobRead | null>): Promise<BlobRead | null> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await look()
    } catch (error) {
      if (!(error instanceof Moved) || turn === LOOKS_MAX) throw error
    }
  }
}

async function lookUp(opened: OpenView, key: bigint, alt: number, cookie: Uint8Array): Promise<BlobRead | null> {
  const { view } = opened
  await opened.freshErased()
  const facts = { volume: view.superblock.volume, alt }
  if (view.erased.has(key)) throw new MediaError('MEDIA_ERASED', undefined, { facts })
  const seed = seedOf(view.superblock.uuid)
  for (const place of view.index.find(key, alt)) {
    const bytes = await view.read(place.offset, place.bytes)
    const header = decodeHeader(bytes, 0, seed)
    if (header === null)
      throw new MediaError('BLOB_CORRUPT', 'A record header fails its checksum.', { facts: { ...facts, offset: place.offset } })
    if (header === 'unknown') throw new MediaError('VOLUME_UNKNOWN_FORMAT', undefined, { facts: { ...facts, offset: place.offset } })
    if (header.type !== 'needle' || !view.index.mayBe(header, { key, alt }))
      throw new MediaError('BLOB_CORRUPT', 'Another record lies where the needle was.', { facts: { ...facts, offset: place.offset } })
    if (header.key !== key || header.alt !== alt) continue
    if (!timingSafeEqual(header.cookie, cookie)) return null
    const body = checkBody(bytes, 0, header.length)
    if (body === null) throw new MediaError('BLOB_CORRUPT', undefined, { facts: { ...facts, offset: place.offset } })
    return body
  }
  return null
}
