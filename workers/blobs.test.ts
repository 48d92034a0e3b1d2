import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { memoryDirectory } from '../blobstore/memory-directory.ts'
import { openVolumeCare } from './blobs.ts'
import type { Core } from './core.ts'
import { Parts } from './part.ts'

test('volume care: a process without S3 looks after the volumes below its home', async () => {
  const home = await mkdtemp(join(tmpdir(), 'darkroom-home-'))
  const parts = new Parts()
  try {
    const core = {
      config: { home, s3: null, writer: 'test', volumeCopies: [], volumeFolders: [] },
      catalog: memoryDirectory(),
      logger: { warn: () => {} },
    } as unknown as Core
    const care = openVolumeCare(core, parts)
    await assert.rejects(care.scrub(1, {}), { code: 'BLOB_NOT_FOUND' })
    assert.deepEqual(await care.merge(1, {}), { done: false, why: 'nothing to do' })
  } finally {
    await parts.stop()
    await rm(home, { recursive: true, force: true })
  }
})
