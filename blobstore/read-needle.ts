import { timingSafeEqual } from 'node:crypto'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { BlobRead, BlobReadOptions } from '../domain/ports.ts'
import { checkBody, decodeHeader, readSoundRecord, seedOf } from './needle.ts'
import type { Loan } from './disk.ts'
import { copyOf } from './reader-threads.ts'
import { erasedIn } from './tombstone.ts'
import { Moved, type VolumeView } from './volume-log.ts'
import type { OpenView, Volumes } from './volumes.ts'

const LOOKS_MAX = 4
const COOKIE = /^[0-9a-f]{16}$/

/**
 * The needle that a locator names, every byte checked. One device read when the volume is known.
 * BLOB_NOT_FOUND (a wrong cookie too), MEDIA_ERASED, VERSION_REPLACED, BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT.
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
  let found = await look(opened, wanted)
  // Another process may have appended it, or a later version of it, since this one last looked.
  if (found === null && opened.view.foreign) {
    await opened.refresh()
    found = await look(opened, wanted)
  }
  if (found !== null) return found
  if (opened.view.damaged)
    throw new MediaError('BLOB_CORRUPT', 'The volume is damaged, and the needle is not in its sound parts.', { facts })
  throw new MediaError('BLOB_NOT_FOUND', undefined, { facts })
}

/** Looks again where a volume was rewritten meanwhile. Each rewriting is kept long enough to be read, so a second look is rare. */
async function look(opened: OpenView, wanted: Wanted): Promise<BlobRead | null> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await lookUp(opened, wanted)
    } catch (error) {
      if (!(error instanceof Moved) || turn === LOOKS_MAX) throw error
    }
  }
}

type Asked = Pick<VolumeView, 'superblock' | 'index'>

interface Wanted {
  readonly key: bigint
  readonly alt: number
  readonly cookie: Uint8Array
  readonly lend: boolean
}

async function lookUp(opened: OpenView, wanted: Wanted): Promise<BlobRead | null> {
  const { view } = opened
  const { key, alt } = wanted
  const looking = opened.freshErased()
  if (looking !== null) await looking
  const erased = erasedIn(view.erased, wanted)
  if (erased !== null)
    throw new MediaError(erased === 'key' ? 'MEDIA_ERASED' : 'VERSION_REPLACED', undefined, {
      facts: { volume: view.superblock.volume, alt },
    })
  // Of one moment: a rewriting gives the view another index.
  const { superblock, index } = view
  const asked = { superblock, index }
  for (const { offset, bytes } of index.find(key, alt)) {
    if (view.index !== index) throw new Moved()
    const found = view.lend
      ? borrowed(asked, await view.lend(offset, bytes), offset, wanted)
      : needleIn(asked, await view.read(offset, bytes), offset, wanted)
    if (found !== 'another') return found
  }
  return null
}

/** As {@link needleIn}, of bytes that were lent; they go back at once where they are not lent on. */
function borrowed(view: Asked, { bytes, isSound, release }: Loan, offset: number, wanted: Wanted): BlobRead | 'another' | null {
  let isKept = false
  try {
    const found = needleIn(view, bytes, offset, wanted, isSound)
    if (found === null || found === 'another') return found
    if (!wanted.lend) return { ...found, data: copyOf(found.data) }
    isKept = true
    return { ...found, release }
  } finally {
    if (!isKept) release()
  }
}

/**
 * The needle in bytes that were read at `offset`; null when the cookie is not its own, `another` when only its fingerprint is the same.
 * @param isSound whether every byte of the record was checked already
 */
function needleIn(
  view: Asked,
  bytes: Uint8Array,
  offset: number,
  { key, alt, cookie }: Wanted,
  isSound = false,
): Omit<BlobRead, 'release'> | 'another' | null {
  const facts = () => ({ volume: view.superblock.volume, alt, offset })
  const sound = isSound ? readSoundRecord(bytes) : null
  const header = sound?.header ?? decodeHeader(bytes, 0, seedOf(view.superblock.uuid))
  if (header === null) throw new MediaError('BLOB_CORRUPT', 'A record header fails its checksum.', { facts: facts() })
  if (header === 'unknown') throw new MediaError('VOLUME_UNKNOWN_FORMAT', undefined, { facts: facts() })
  if (header.type !== 'needle' || !view.index.mayBe(header, { key, alt }))
    throw new MediaError('BLOB_CORRUPT', 'Another record lies where the needle was.', { facts: facts() })
  if (header.key !== key || header.alt !== alt) return 'another'
  if (!timingSafeEqual(header.cookie, cookie)) return null
  const body = sound ?? checkBody(bytes, 0, header.length)
  if (body === null) throw new MediaError('BLOB_CORRUPT', undefined, { facts: facts() })
  return { data: body.data, crc: body.crc }
}
