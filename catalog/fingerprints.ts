import { fingerprintDistanceMax, type LikenessStore } from '../domain/fingerprint.ts'
import type { MediaId } from '../domain/ids.ts'
import type { Database, Queries } from './database.ts'

/** A hash as the database has it: the text of its bits. */
function bitsOf(hash: string): string {
  return BigInt(`0x${hash}`).toString(2).padStart(256, '0')
}

function hashOf(bits: string): string {
  return BigInt(`0b${bits}`).toString(16).padStart(64, '0')
}

/** Keeps the fingerprint of an item, or that there is none, within the transaction that publishes it. */
export async function keepFingerprint(queries: Queries, id: MediaId, tenant: string, hash: string | undefined): Promise<void> {
  if (hash === undefined) await queries.rows('delete from fingerprints where media_id = $1', [id])
  else
    await queries.rows(
      `insert into fingerprints (media_id, tenant, hash) values ($1, $2, $3::bit(256))
       on conflict (media_id) do update set hash = excluded.hash`,
      [id, tenant, bitsOf(hash)],
    )
}

/** Look-ups by likeness; migration 0009 says how they find their way. */
export function createFingerprints(database: Database): LikenessStore {
  return {
    async similar(id, limit) {
      return await database.rows<{ id: MediaId; distance: number }>(
        `with wanted as (select tenant, hash from fingerprints where media_id = $1),
           candidates as (
             select distinct media_id from wanted, near_bands(hash) as near
               join fingerprint_bands on band = near where fingerprint_bands.tenant = wanted.tenant and media_id <> $1)
         select f.media_id as id, bit_count(f.hash # wanted.hash)::integer as distance
           from wanted, candidates join fingerprints f using (media_id) join media on media.id = f.media_id
           where bit_count(f.hash # wanted.hash) <= $2 and media.state in ('ready', 'playable')
           order by distance, id desc limit $3`,
        [id, fingerprintDistanceMax, limit],
      )
    },

    async blockedLike(hashes) {
      const [found] = await database.rows<{ bits: string; distance: number }>(
        `with wanted as (select bits::bit(256) as hash from unnest($1::text[]) as bits),
           candidates as (select distinct wanted.hash as wanted, b.hash from wanted, near_bands(wanted.hash) as near join blocked_bands b on band = near)
         select hash::text as bits, bit_count(hash # wanted)::integer as distance from candidates
           where bit_count(hash # wanted) <= $2 order by distance limit 1`,
        [hashes.map(bitsOf), fingerprintDistanceMax],
      )
      return found ? { hash: hashOf(found.bits), distance: found.distance } : null
    },

    async block(hash, note) {
      await database.rows(
        'insert into blocked_hashes (hash, note) values ($1::bit(256), $2) on conflict (hash) do update set note = excluded.note',
        [bitsOf(hash), note],
      )
    },

    async unblock(hash) {
      const gone = await database.rows('delete from blocked_hashes where hash = $1::bit(256) returning 1 as gone', [bitsOf(hash)])
      return gone.length > 0
    },

    async blocked() {
      const rows = await database.rows<{ bits: string; note: string; added_at: Date }>(
        'select hash::text as bits, note, added_at from blocked_hashes order by added_at, hash',
        [],
      )
      return rows.map(({ bits, note, added_at }) => ({ hash: hashOf(bits), note, addedAt: added_at }))
    },

    async fingerprint(id) {
      const [row] = await database.rows<{ bits: string }>('select hash::text as bits from fingerprints where media_id = $1', [id])
      return row ? hashOf(row.bits) : null
    },
  }
}
