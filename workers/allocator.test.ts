import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { imageWorkerAllocator } from './allocator.ts'

test('allocator: the image worker of the compose file is started as that of the stack', async () => {
  const compose = await readFile(join(import.meta.dirname, '../docker-compose.yml'), 'utf8')
  const [, service = ''] = /\n {2}image:\n((?: {4}.*\n)+)/.exec(compose) ?? []
  for (const [name, value] of Object.entries(imageWorkerAllocator)) assert.ok(service.includes(`      ${name}: '${value}'\n`), name)
})
