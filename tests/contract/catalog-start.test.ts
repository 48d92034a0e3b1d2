import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { createCatalog } from '../../catalog/catalog.ts'
import { openDatabase } from '../../catalog/database.ts'
import { migrate, migrationOf, readMigrations } from '../../catalog/migrate.ts'
import type { CatalogSignal } from '../../domain/ports.ts'
import { someMedia, startServer, withoutTools, type TestServer } from './catalog-server.ts'

const ignore = () => {}

suite('catalog start', { skip: withoutTools('postgresBin') }, () => {
  let server: TestServer

  before(async () => {
    server = await startServer()
  })
  after(() => server?.stop())
  afterEach(() => server.closeCatalogs())

  const databaseOf = async () => {
    const databaseUrl = await server.database()
    return { databaseUrl, database: openDatabase({ databaseUrl, poolMax: 2, statementMsMax: 5_000, connectMsMax: 5_000, onError: ignore }) }
  }

  test('catalog: eight processes that start at once on an empty database all come up', async () => {
    const databaseUrl = await server.database()
    const catalogs = await Promise.all(Array.from({ length: 8 }, () => server.catalog({ databaseUrl, poolMax: 1 })))
    const media = someMedia()
    await catalogs[0]?.accept(media)
    assert.equal((await catalogs[7]?.get(media.id))?.id, media.id)
    const applied = await server.sql(databaseUrl, 'select number, name from migrations order by number')
    const migrations = await readMigrations(new URL('../../catalog/migrations/', import.meta.url))
    assert.deepEqual(
      applied,
      migrations.map(({ number, name }) => ({ number, name })),
    )
  })

  test('catalog: starting again changes nothing and finds what was there', async () => {
    const databaseUrl = await server.database()
    const media = someMedia()
    const first = await server.catalog({ databaseUrl })
    await first.accept(media)
    await first.close()
    const second = await server.catalog({ databaseUrl })
    assert.equal((await second.get(media.id))?.sourceSha256, media.sourceSha256)
  })

  test('catalog: a database that was set up with another text of a migration is refused with one sentence', async () => {
    const databaseUrl = await server.database()
    await (await server.catalog({ databaseUrl })).close()
    await server.sql(databaseUrl, `update migrations set sha256 = 'edited'`)
    const starting = createCatalog({ databaseUrl, poolMax: 1, onError: ignore })
    await assert.rejects(starting, { code: 'CATALOG_CHANGED', message: /^The database was set up with another 0001_base\.sql [^\n]*\.$/ })
  })

  test('catalog: a migration that fails leaves nothing of any of them', async () => {
    const { databaseUrl, database } = await databaseOf()
    const good = migrationOf('0001_good.sql', 'create table good (n integer)')
    const bad = migrationOf('0002_bad.sql', 'create table bad (n integer); select nonsense')
    await assert.rejects(migrate(database, [good, bad]), /nonsense/)
    assert.deepEqual(await server.sql(databaseUrl, `select tablename from pg_tables where schemaname = 'public'`), [])
    await migrate(database, [good])
    assert.deepEqual(await server.sql(databaseUrl, 'select name from migrations'), [{ name: '0001_good.sql' }])
    await database.close()
  })

  test('catalog: an acknowledged upload outlives a kill of the database, and the catalog comes back by itself', async () => {
    const errors: unknown[] = []
    const catalog = await server.catalog({ onError: (error) => errors.push(error) })
    const signals: CatalogSignal[] = []
    const { promise: reconnected, resolve } = Promise.withResolvers<void>()
    catalog.onSignal((signal) => {
      signals.push(signal)
      if (signal.kind === 'erasure') resolve()
    })
    const acknowledged: string[] = []
    let code = ''
    const writing = (async () => {
      for (;;) {
        const media = someMedia({ tenant: 'killed' })
        await catalog.accept(media)
        acknowledged.push(media.id)
        if (acknowledged.length === 50) server.kill()
      }
    })().catch((error) => {
      code = error.code
    })
    await writing
    assert.equal(code, 'CATALOG_UNAVAILABLE')
    await assert.rejects(catalog.ping(), { code: 'CATALOG_UNAVAILABLE' })
    await server.restart()
    await reconnected
    await catalog.ping()
    const kept = new Set<string>((await catalog.recent('killed', 10_000)).map(({ id }) => id))
    assert.deepEqual(
      acknowledged.filter((id) => !kept.has(id)),
      [],
    )
    assert.ok(errors.length > 0)
    const media = someMedia()
    const { promise: signalled, resolve: tell } = Promise.withResolvers<void>()
    catalog.onSignal((signal) => signal.kind === 'media' && signal.id === media.id && tell())
    await catalog.accept(media)
    await signalled
  })

  test('catalog: a statement that takes too long is given up as unavailable', async () => {
    const { databaseUrl } = await databaseOf()
    const database = openDatabase({ databaseUrl, poolMax: 1, statementMsMax: 50, connectMsMax: 5_000, onError: ignore })
    await assert.rejects(database.rows('select pg_sleep(30)'), { code: 'CATALOG_UNAVAILABLE' })
    assert.deepEqual(await database.rows('select 1 as one'), [{ one: 1 }])
    await database.close()
  })

  test('catalog: a transaction that fails is undone and its connection is not used again', async () => {
    const { database } = await databaseOf()
    await database.rows('create table t (n bigint)')
    const failing = database.transaction(async (queries) => {
      await queries.rows('insert into t values (1)')
      throw new Error('on second thought')
    })
    await assert.rejects(failing, /second thought/)
    assert.deepEqual(await database.rows('select * from t'), [])
    await database.rows('insert into t values (9007199254740991)')
    assert.deepEqual(await database.rows('select n from t'), [{ n: Number.MAX_SAFE_INTEGER }])
    await database.rows('update t set n = 9223372036854775807')
    await assert.rejects(database.rows('select n from t'), /no number holds exactly/)
    await database.close()
  })

  test('catalog: closing twice is closing once', async () => {
    const catalog = await server.catalog()
    await Promise.all([catalog.close(), catalog.close()])
  })
})

test('catalog: no server, a wrong password or database is unavailable in one sentence without the password', {
  skip: withoutTools('postgresBin'),
}, async (t) => {
  const server = await startServer()
  t.after(() => server.stop())
  const right = new URL(await server.database())
  const wrongs = [
    new URL('postgres://darkroom:hunter2@127.0.0.1:1/darkroom'),
    Object.assign(new URL(right), { password: 'hunter2' }),
    Object.assign(new URL(right), { pathname: '/nowhere' }),
    new URL('postgres://darkroom:hunter2@no-such-host.invalid/darkroom'),
  ]
  for (const { href } of wrongs) {
    const starting = createCatalog({ databaseUrl: href, poolMax: 1, onError: ignore })
    await assert.rejects(starting, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CATALOG_UNAVAILABLE')
      assert.ok(!`${error.message} ${error.stack}`.includes('hunter2'))
      return true
    })
  }
})
