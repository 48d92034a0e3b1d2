import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { migrationOf, outstanding, readMigrations } from './migrate.ts'

const first = migrationOf('0001_first.sql', 'select 1')
const second = migrationOf('0002_second.sql', 'select 2')

test('migrate: line ends do not change a checksum, anything else does', () => {
  assert.equal(migrationOf('0001_a.sql', 'a\r\nb').sha256, migrationOf('0001_a.sql', 'a\nb').sha256)
  assert.notEqual(migrationOf('0001_a.sql', 'a\nb').sha256, migrationOf('0001_a.sql', 'a\nb ').sha256)
})

test('migrate: a file that has no number is refused', () => {
  for (const name of ['first.sql', '1_first.sql', '0000_zero.sql', '0001-first.sql'])
    assert.throws(() => migrationOf(name, ''), /not a migration's name/)
})

test('migrate: only what was not applied is outstanding, in order', () => {
  assert.deepEqual(outstanding([first, second], []), [first, second])
  assert.deepEqual(outstanding([first, second], [first]), [second])
  assert.deepEqual(outstanding([first, second], [first, second]), [])
})

test('migrate: an edited migration is refused by name, a renamed one is the same', () => {
  assert.throws(() => outstanding([first], [{ ...first, sha256: 'other' }]), { code: 'CATALOG_CHANGED', message: /0001_first\.sql/ })
  assert.deepEqual(outstanding([first], [{ ...first, name: '0001_renamed.sql' }]), [])
})

test('migrate: what only a newer release knows is left alone', () => {
  assert.deepEqual(outstanding([first], [first, second]), [])
})

test('migrate: a number that is missing or taken twice is refused', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-migrate-'))
  t.after(() => rm(folder, { recursive: true }))
  const read = () => readMigrations(pathToFileURL(`${folder}/`))
  await writeFile(join(folder, '0001_a.sql'), 'select 1')
  await writeFile(join(folder, 'README.md'), 'not SQL')
  assert.deepEqual(
    (await read()).map(({ name }) => name),
    ['0001_a.sql'],
  )
  await writeFile(join(folder, '0003_c.sql'), 'select 3')
  await assert.rejects(read(), /0003_c\.sql is number 2/)
  await rm(join(folder, '0003_c.sql'))
  await writeFile(join(folder, '0001_b.sql'), 'select 1')
  await assert.rejects(read(), /0001_b\.sql is number 2/)
})

test('migrate: our own migrations are numbered without a gap', async () => {
  assert.ok((await readMigrations(new URL('migrations/', import.meta.url))).length > 0)
})
