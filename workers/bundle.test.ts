import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sourcesHash, workflowBundle } from './bundle.ts'

test('bundle: a build id that is given takes the place of the hash, and the bundle is the same', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-bundle-'))
  context.after(async () => await rm(folder, { recursive: true }))
  const hash = await sourcesHash()
  assert.match(hash, /^[0-9a-f]{16}$/)
  await writeFile(join(folder, `workflows-${hash}.js`), 'bundled before')
  assert.deepEqual(await workflowBundle(folder), { code: 'bundled before', buildId: hash })
  assert.deepEqual(await workflowBundle(folder, 'r7'), { code: 'bundled before', buildId: 'r7' })
  assert.equal((await readdir(folder)).length, 1)
})
