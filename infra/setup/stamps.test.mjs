import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { matchesRecord, stampFor } from './packages.mjs'
import { failureAgeMsMax, openStamps } from './stamps.mjs'

test('stamps: a verified tool is believed until its file changes or goes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'darkroom-stamps-'))
  const tool = join(dir, 'tool')
  writeFileSync(tool, 'x')
  openStamps(join(dir, 'verified.json')).verified('tool', { tool })
  const again = () => openStamps(join(dir, 'verified.json')).isVerified('tool', { tool })
  assert.equal(again(), true)
  utimesSync(tool, 1, 1)
  assert.equal(again(), false)
  rmSync(dir, { recursive: true })
  assert.equal(again(), false)
})

test('stamps: a failure is remembered for a while, then tried again', () => {
  const dir = mkdtempSync(join(tmpdir(), 'darkroom-stamps-'))
  let time = 0
  const stamps = openStamps(join(dir, 'verified.json'), () => time)
  stamps.failed('tool', 'no network')
  assert.equal(stamps.recentFailure('tool'), 'no network')
  time = failureAgeMsMax
  assert.equal(stamps.recentFailure('tool'), undefined)
  rmSync(dir, { recursive: true })
})

test('packages: a changed lock file asks for another stamp', () => {
  assert.notEqual(stampFor('{"a":1}'), stampFor('{"a":2}'))
})

test('packages: what npm recorded must be what is locked, version and content', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
      'node_modules/mac-only': { version: '1.0.0', integrity: 'sha512-m', optional: true },
    },
  }
  const record = (a) => ({ packages: { 'node_modules/a': a } })
  assert.equal(matchesRecord(lock, record({ version: '1.0.0', integrity: 'sha512-a' })), true)
  assert.equal(matchesRecord(lock, record({ version: '1.0.1', integrity: 'sha512-b' })), false)
  assert.equal(matchesRecord(lock, record({ version: '1.0.0', integrity: 'sha512-x' })), false)
  assert.equal(matchesRecord(lock, { packages: {} }), false)
})
