import assert from 'node:assert/strict'
import test from 'node:test'
import { compareVersions, javaMajorIn, majorOf, versionIn } from './version.mjs'

test('version: the number is read from what programs print', () => {
  assert.equal(versionIn('postgres (PostgreSQL) 18.4'), '18.4')
  assert.equal(versionIn('go version go1.26.8 linux/amd64', 'go version go'), '1.26.8')
  assert.equal(versionIn('temporal version 0.0.0-DEV (Server 1.31.2, UI 2.50.1)', 'Server '), '1.31.2')
  assert.equal(versionIn('varnishd (varnish-7.1.1 revision 7cee)', 'varnish-'), '7.1.1')
})

test('version: where the words before it are absent there is no version', () => {
  assert.equal(versionIn('command not found', 'Server '), undefined)
  assert.equal(majorOf(undefined), undefined)
})

test('version: numbers are compared as numbers, not as text', () => {
  assert.ok(compareVersions('1.9.0', '1.26.4') < 0)
  assert.ok(compareVersions('1.26.10', '1.26.4') > 0)
  assert.equal(compareVersions('1.26', '1.26.0'), 0)
})

test('version: the second number of an old Java is its major version', () => {
  assert.equal(javaMajorIn('java version "1.8.0_392"'), 8)
  assert.equal(javaMajorIn('openjdk version "17.0.15" 2025-04-15'), 17)
  assert.equal(javaMajorIn('openjdk version "25" 2025-09-16'), 25)
  assert.equal(javaMajorIn('no Java runtime present'), undefined)
})
