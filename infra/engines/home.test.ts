import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { homeError, lockHome } from './home.ts'

function scratch(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-home-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('home: a new one is for this user alone', (context) => {
  const path = join(scratch(context), 'a', 'b')
  const home = lockHome(path)
  assert.equal(statSync(home.path).mode & 0o077, 0)
  home.unlock()
})

test('home: a second start ends with one sentence that names the first, and the first one is not disturbed', (context) => {
  const path = scratch(context)
  const home = lockHome(path)
  const refused = {
    code: 'HOME_IN_USE',
    message: `The data folder ${home.path} is in use by another start (process ${process.pid}): end that one, or choose another folder.`,
  }
  assert.throws(() => lockHome(path), refused)
  assert.throws(() => lockHome(path), refused)
  home.unlock()
  home.unlock()
  lockHome(path).unlock()
})

test('home: the same folder under another name is the same folder', (context) => {
  const path = scratch(context)
  const alias = `${path}-alias`
  symlinkSync(path, alias)
  context.after(() => rmSync(alias))
  const home = lockHome(path)
  assert.throws(() => lockHome(alias), { code: 'HOME_IN_USE' })
  home.unlock()
})

test('home: the lock of a process that was killed is free at once', async (context) => {
  const path = scratch(context)
  const module = JSON.stringify(new URL('home.ts', import.meta.url).href)
  const source = `const { lockHome } = await import(${module}); lockHome(${JSON.stringify(path)}); process.stdout.write('held'); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  assert.throws(() => lockHome(path), { code: 'HOME_IN_USE', message: new RegExp(`process ${holder.pid}\\)`) })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  lockHome(path).unlock()
})

test('home: a file in its place is said to be no folder', (context) => {
  const path = join(scratch(context), 'file')
  writeFileSync(path, '')
  assert.throws(() => lockHome(path), {
    code: 'STORAGE_UNAVAILABLE',
    message: `The data folder ${path} is not a folder: choose another one.`,
  })
})

test('home: errors of the disk become sentences, mistakes of ours stay what they are', () => {
  const codeOf = (code: string) => (homeError(Object.assign(new Error(code), { code }), '/data') as { code: string }).code
  assert.equal(codeOf('ENOSPC'), 'STORAGE_FULL')
  assert.equal(codeOf('EDQUOT'), 'STORAGE_FULL')
  assert.equal(codeOf('EROFS'), 'STORAGE_UNAVAILABLE')
  assert.equal(codeOf('EACCES'), 'STORAGE_UNAVAILABLE')
  const mistake = new Error('a mistake')
  assert.equal(homeError(mistake, '/data'), mistake)
})
