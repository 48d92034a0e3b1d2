import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { keptSecret, makeOnce } from './folders.ts'
import { render } from './templates.ts'

function scratch(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-folders-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('folders: one that is made once is whole or not there, and what a killed attempt left is no part of it', async (context) => {
  const folder = join(scratch(context), 'cluster')
  mkdirSync(`${folder}.draft`)
  writeFileSync(join(`${folder}.draft`, 'half'), '')
  await assert.rejects(
    makeOnce(folder, async (draft) => {
      writeFileSync(join(draft, 'first'), '')
      assert.equal(existsSync(folder), false)
      throw new Error('cut')
    }),
    /cut/,
  )
  assert.deepEqual([existsSync(folder), existsSync(`${folder}.draft`)], [false, false])
  await makeOnce(folder, async (draft) => writeFileSync(join(draft, 'whole'), ''))
  await makeOnce(folder, () => assert.fail('made twice'))
  assert.deepEqual(readdirSync(folder), ['whole'])
})

test('folders: a secret stays the same, and is for this user alone', (context) => {
  const file = join(scratch(context), 'secret')
  const secret = keptSecret(file)
  assert.match(secret, /^[0-9a-f]{48}$/)
  assert.equal(keptSecret(file), secret)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.notEqual(keptSecret(`${file}2`), secret)
})

test('templates: a word without a value, and a value without its word, are mistakes', () => {
  assert.equal(render('port=@PORT@ again @PORT@', { PORT: 7 }), 'port=7 again 7')
  assert.throws(() => render('@HOST@:@PORT@', { PORT: 7 }), /@HOST@/)
  assert.throws(() => render('@PORT@', { PORT: 7, HOST: 'x' }), /HOST/)
})

test('templates: every word of the engines’ configuration files is one that can be filled in', () => {
  for (const name of ['temporal/server.yaml', 'temporal/ui.yaml', 'kafka/server.properties']) {
    const text = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
    const words = [...text.matchAll(/@([^@\s]*)@/g)].map((match) => match[1] ?? '')
    assert.ok(words.length > 0, name)
    for (const word of words) assert.match(word, /^[A-Z][A-Z_]*$/, `${name}: @${word}@`)
  }
})
