import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { errorTable } from '../../domain/errors.ts'
import { mediaIdOf } from '../../domain/ids.ts'
import type { Manifest, MediaRow } from '../../domain/media.ts'
import { erasedData, playableData, readyData, refusedData } from '../build.ts'
import { schemaFileOf, schemaIdOf } from './definition.ts'
import { eventDefinitions } from './index.ts'

const ajv = new Ajv2020({ strict: true, allErrors: true })
addFormats.default(ajv)
const definitions = Object.entries(eventDefinitions)

interface Schema {
  readonly $id: string
  readonly required: readonly string[]
  readonly properties: Record<string, unknown>
}

const schemas = new Map(
  definitions.map(([type, definition]) => [type, JSON.parse(readFileSync(schemaFileOf(definition), 'utf8')) as Schema]),
)
const validators = new Map<string, ValidateFunction>([...schemas].map(([type, schema]) => [type, ajv.compile(schema)]))

function must<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}

function assertValid(type: string, data: unknown): void {
  const validate = validators.get(type)
  assert.ok(validate)
  // As it arrives: what JSON leaves out is not there.
  assert.ok(validate(JSON.parse(JSON.stringify(data))), ajv.errorsText(validate.errors))
}

const id = mediaIdOf(0x1234_5678_9abc_def0n)
const image: Manifest = {
  kind: 'image',
  version: 2,
  width: 1440,
  height: 1080,
  blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
  renditions: [
    {
      name: 'w1440.jpg',
      type: 'image/jpeg',
      bytes: 1,
      width: 1440,
      height: 1080,
      locator: { volume: 1, alt: 2, cookie: '0123456789abcdef' },
    },
  ],
  parts: [],
}
const row: MediaRow = {
  id,
  tenant: 'acme',
  kind: 'image',
  state: 'processing',
  stage: 'publish',
  version: 2,
  revision: 7,
  preset: 'standard',
  filter: null,
  sourceType: 'image/jpeg',
  sourceBytes: 5,
  sourceSha256: 'secret',
  manifest: image,
  createdAt: new Date(0),
}
const fileUrl = (of: string, version: number, file: { readonly name: string }) => `https://cdn.example/m/${of}.${version}/x/${file.name}`
const poster = { ...must(image.renditions[0]), name: 'poster.jpg' }
const film: Manifest = { ...image, kind: 'video', durationMs: 90_000, renditions: [poster], poster: poster.name }
const urls = { fileUrl, aliasUrl: (of: { readonly id: string }, name: string) => `https://cdn.example/a/${of.id}.0/${name}` }
const built: Record<string, readonly object[]> = {
  'media.playable': [playableData({ ...row, kind: 'video', manifest: film }, urls)],
  'media.ready': [readyData(row, fileUrl), readyData({ ...row, manifest: { ...image, losses: ['gainMap', 'hdr'] } }, fileUrl)],
  'media.rejected': [refusedData(row, { code: 'MEDIA_CORRUPT', title: errorTable.MEDIA_CORRUPT.title })],
  'media.failed': Object.entries(errorTable).map(([code, { title }]) => refusedData(row, { code: code as keyof typeof errorTable, title })),
  'media.erased': [erasedData(id, 'acme', new Date(1))],
}

for (const [type, definition] of definitions) {
  test(`event ${type}: stands in the registry under its own type and has a file of its own name`, () => {
    assert.equal(definition.type, type)
    assert.ok(readdirSync(import.meta.dirname).includes(`${type.replace('.', '-')}.ts`))
  })

  test(`event ${type}: its schema is named as the events say`, () => {
    assert.equal(schemas.get(type)?.$id, schemaIdOf(definition))
  })

  test(`event ${type}: its sample and what is built of it are valid`, () => {
    assertValid(type, definition.sample)
    const made = built[type]
    assert.ok(made && made.length > 0, `nothing is built for ${type}: add it to this test's table`)
    for (const data of made) assertValid(type, data)
  })

  test(`event ${type}: each property that is required is missed, and each is described`, () => {
    const schema = schemas.get(type)
    assert.ok(schema && schema.required.length > 0)
    for (const name of schema.required) {
      const without = Object.fromEntries(Object.entries(definition.sample).filter(([other]) => other !== name))
      assert.equal(validators.get(type)?.(without), false, name)
    }
    for (const name of Object.keys(definition.sample)) assert.ok(Object.hasOwn(schema.properties, name), name)
  })
}

test('event schemas: no file is without its event', () => {
  const files = readdirSync(new URL('../schemas/', import.meta.url))
  const current = definitions.map(([, definition]) => schemaFileOf(definition).pathname.split('/').at(-1))
  for (const file of files) {
    const [, type, version] = /^(.+)\.v(\d+)\.json$/.exec(file) ?? []
    const definition = definitions.find(([known]) => known === type)?.[1]
    assert.ok(definition && Number(version) <= definition.schemaVersion, file)
  }
  for (const file of current) assert.ok(files.includes(file ?? ''), file)
})
