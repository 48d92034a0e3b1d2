import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { MediaError } from '../domain/errors.ts'
import type { Database, Queries } from './database.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

/** Our own key among the database's advisory locks: whoever holds it migrates. */
const LOCK = 0x6461_726b

/** One numbered file's content as a migration; its checksum does not depend on line ends. */
export function migrationOf(name: string, content: string): Migration {
  const number = Number(/^(\d{4})_[a-z0-9-]+\.sql$/.exec(name)?.[1] ?? 0)
  if (number === 0) throw new Error(`${name} is not a migration's name: 0001_name.sql`)
  const sql = content.replaceAll('\r\n', '\n')
  return { number, name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
}

/** The migrations of a folder in order. Numbers without a gap, so that two branches cannot both take one. */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  const migrations = await Promise.all(names.map(async (name) => migrationOf(name, await readFile(new URL(name, folder), 'utf8'))))
  migrations.forEach((migration, index) => {
    if (migration.number !== index + 1) throw new Error(`${migration.name} is number ${index + 1} of the migrations`)
  })
  return migrations
}

export interface Applied {
  readonly number: number
  readonly name: string
  readonly sha256: string
}

/**
 * Those not yet applied, in order; CATALOG_CHANGED when one was edited after it was applied. Numbers that only
 * the database knows are a newer release's: it may run beside this one while they are exchanged, so migrations
 * add and do not take away what the release before reads.
 */
export function outstanding(migrations: readonly Migration[], applied: readonly Applied[]): Migration[] {
  return migrations.filter((migration) => {
    const before = applied.find(({ number }) => number === migration.number)
    if (before && before.sha256 !== migration.sha256) {
      throw new MediaError(
        'CATALOG_CHANGED',
        `The database was set up with another ${before.name} than this release's ${migration.name}: applied migrations are never edited.`,
      )
    }
    return before === undefined
  })
}

/** Applies what is outstanding, all or nothing. Processes that start at once take turns; the later ones find nothing to do. */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<void> {
  await database.transaction(async (queries) => {
    // Waiting for another process's migration is not a stuck statement.
    await queries.rows(`select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`)
    await queries.rows('select pg_advisory_xact_lock($1)', [LOCK])
    await queries.rows(`create table if not exists migrations (
      number integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())`)
    for (const migration of outstanding(migrations, await appliedOf(queries))) {
      await queries.rows(migration.sql)
      await queries.rows('insert into migrations (number, name, sha256) values ($1, $2, $3)', [
        migration.number,
        migration.name,
        migration.sha256,
      ])
    }
  })
}

async function appliedOf(queries: Queries): Promise<Applied[]> {
  return await queries.rows<Applied>('select number, name, sha256 from migrations order by number')
}
