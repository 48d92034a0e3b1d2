import { timingSafeEqual } from 'node:crypto'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { BlobRead, BlobReadOptions } from '../domain/ports.ts'
import { checkBody, decodeHeader, seedOf } from './needle.ts'
import { Moved, type VolumeView } from './volume-log.ts'
import type { OpenView, Volumes } from './volumes.ts'

const LOOKS_MAX = 4
const COOKIE = /^[0-9a-f]{16}$/

/**
 * The needle that a locator names, every byte checked. One device read when the volume is known.
 * BLOB_NOT_FOUND (a wrong cookie too), MEDIA_ERASED, BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT.
 */
export async function readNeedle(
  volumes: Volumes,
  key: bigint,
  locator: Locator,
  { lend = false }: BlobReadOptions = {},
): Promise<BlobRead> {
  const facts = { volume: locator.volume, alt: locator.alt }
  if (!COOKIE.test(locator.cookie)) throw new MediaError('BLOB_NOT_FOUND', undefined, { facts })
  return volumes.use(locator.volume, (opened) => {
    if (opened === null) throw new MediaError('BLOB_NOT_FOUND', undefined, { facts })
    return readFrom(opened, key, locator, lend)
  })
}

async function readFrom(opened: OpenView, key: bigint, locator: Locator, lend: boolean): Promise<BlobRead> {
  const facts = { volume: locator.volume, alt: locator.alt }
  const wanted = { key, alt: locator.alt, cookie: Buffer.from(locator.cookie, 'hex'), lend }
  const look = () => followed(() => lookUp(opened, wanted))
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

interface Wanted {
  readonly key: bigint
  readonly alt: number
  readonly cookie: Uint8Array
  readonly lend: boolean
}

async function lookUp(opened: OpenView, wanted: Wanted): Promise<BlobRead | null> {
  const { view } = opened
  const { key, alt } = wanted
  await opened.freshErased()
  if (view.erased.has(key)) throw new MediaError('MEDIA_ERASED', undefined, { facts: { volume: view.superblock.volume, alt } })
  // Of one moment: a rewriting gives the view another index.
  const { superblock, index } = view
  const asked = { superblock, index }
  for (const { offset, bytes } of index.find(key, alt)) {
    if (view.index !== index) throw new Moved()
    if (!wanted.lend || view.lend === undefined) {
      const found = needleIn(asked, await view.read(offset, bytes), offset, wanted)
      if (found !== 'another') return found
      continue
    }
    const loan = await view.lend(offset, bytes)
    let found: ReturnType<typeof needleIn> = null
    try {
      found = needleIn(asked, loan.bytes, offset, wanted)
    } finally {
      if (found === null || found === 'another') loan.release()
    }
    if (found !== 'another') return found === null ? null : { ...found, release: loan.release }
  }
  return null
}

/** The needle in bytes that were read at `offset`; null when the cookie is not its own, `another` when only its fingerprint is the same. */
function needleIn(
  view: Pick<VolumeView, 'superblock' | 'index'>,
  bytes: Uint8Array,
  offset: number,
  { key, alt, cookie }: Wanted,
): BlobRead | 'another' | null {
  const facts = { volume: view.superblock.volume, alt, offset }
  const header = decodeHeader(bytes, 0, seedOf(view.superblock.uuid))
  if (header === null) throw new MediaError('BLOB_CORRUPT', 'A record header fails its checksum.', { facts })
  if (header === 'unknown') throw new MediaError('VOLUME_UNKNOWN_FORMAT', undefined, { facts })
  if (header.type !== 'needle' || !view.index.mayBe(header, { key, alt }))
    throw new MediaError('BLOB_CORRUPT', 'Another record lies where the needle was.', { facts })
  if (header.key !== key || header.alt !== alt) return 'another'
  if (!timingSafeEqual(header.cookie, cookie)) return null
  const body = checkBody(bytes, 0, header.length)
  if (body === null) throw new MediaError('BLOB_CORRUPT', undefined, { facts })
  return body
}
