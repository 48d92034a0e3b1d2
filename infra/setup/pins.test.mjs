import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { pins } from './pins.mjs'
import { toolsets, toolsNamed } from './toolsets.mjs'
import { commands } from './commands.mjs'

const read = (path) => readFileSync(new URL(`../tools/${path}`, import.meta.url), 'utf8')

/** The version a go.mod requires of a module. */
function required(module, dependency) {
  const line = read(`${module}/go.mod`)
    .split('\n')
    .find((text) => text.includes(`${dependency} v`))
  return / v(\S+)/.exec(line ?? '')?.[1]
}

test('pins: what Go builds is the version the cache names', () => {
  assert.equal(required('temporal', 'github.com/temporalio/cli'), pins.temporal.version)
  assert.equal(required('temporal', 'go.temporal.io/server'), pins.temporalServer.version)
  assert.equal(required('temporal', 'github.com/temporalio/ui-server/v2'), pins.temporalUi.version)
  assert.equal(required('minio', 'github.com/minio/minio'), pins.minio.version)
  assert.equal(required('versitygw', 'github.com/versity/versitygw'), pins.versitygw.version)
  assert.equal(required('compose', 'github.com/docker/compose/v5'), pins.compose.version)
})

test('pins: what Maven copies is the version the cache names', () => {
  assert.match(read('kafka/pom.xml'), new RegExp(`<version>${pins.kafka.version}</version>`))
})

test('pins: no module asks for a newer Go than set-up looks for', () => {
  for (const module of ['temporal', 'minio', 'versitygw', 'compose']) {
    const [, minor, patch = 0] = /^go 1\.(\d+)(?:\.(\d+))?$/m.exec(read(`${module}/go.mod`))
    const [, pinMinor, pinPatch] = pins.go.versionMin.split('.').map(Number)
    assert.ok(minor < pinMinor || (Number(minor) === pinMinor && patch <= pinPatch), module)
  }
})

test('pins: every package from npm is pinned by its hash', () => {
  for (const { integrity } of [pins.node, pins.postgres]) {
    for (const hash of Object.values(integrity)) assert.match(hash, /^sha512-[A-Za-z0-9+/]{86}==$/)
  }
})

test('toolsets: every command names a set, and requires only tools of that set', () => {
  for (const [name, { set, required: needed = [] }] of Object.entries(commands)) {
    const names = toolsets[set].map((tool) => tool.name)
    for (const tool of needed) assert.ok(names.includes(tool), `${name} requires ${tool}`)
  }
})

test('toolsets: tools can be chosen by set and by name, and a misspelt name is noticed', () => {
  assert.deepEqual(toolsNamed(['base']), [])
  assert.deepEqual(
    toolsNamed(['minio', 'minio']).map((tool) => tool.name),
    ['minio'],
  )
  assert.equal(toolsNamed(['minoi']), undefined)
})

test('toolsets: every tool says what does not run without it', () => {
  for (const tool of toolsets.all) assert.ok(tool.without.length > 10, tool.name)
  assert.equal(new Set(toolsets.all.map((tool) => tool.name)).size, toolsets.all.length)
})
