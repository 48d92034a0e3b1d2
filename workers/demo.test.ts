import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDemo } from './demo.ts'
import { SettingError } from './settings.ts'

const refused = async (options: Partial<Parameters<typeof checkDemo>[0]>): Promise<string> => {
  const error: unknown = await checkDemo({ files: [], filter: undefined, preset: undefined, ...options }).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof SettingError)
  return error.message
}

test('demo: what cannot work is said before anything is started', async () => {
  assert.match(await refused({ files: [import.meta.filename, '/no/such/file.jpg'] }), /^\/no\/such\/file.jpg cannot be read: ENOENT/)
  assert.match(await refused({ files: [import.meta.dirname] }), /is no file/)
  assert.match(await refused({ filter: 'claredon' }), /no filter "claredon"; the nearest is clarendon\. There are: /)
  assert.match(await refused({ preset: 'x' }), /no preset "x"; .* There are: standard, /)
  await checkDemo({ files: [import.meta.filename], filter: 'clarendon', preset: 'standard' })
})
