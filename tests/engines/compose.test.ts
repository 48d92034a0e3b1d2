import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { missing, tools } from '../e2e/support/tools.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const skip = missing('compose')

async function check(file: string): Promise<void> {
  await run(tools.compose ?? '', ['-f', file, 'config', '-q'], { cwd: root })
}

test('compose: the file is taken by the real compose', { skip }, async () => {
  await check(join(root, 'docker-compose.yml'))
})

test('compose: a key that compose does not know would be noticed', { skip }, async () => {
  const spoilt = join(root, 'docker-compose.spoilt.yml')
  const text = await readFile(join(root, 'docker-compose.yml'), 'utf8')
  await writeFile(spoilt, text.replace(/^services:\n/m, 'services:\n  odd:\n    image: odd\n    healthchek: {}\n'))
  try {
    await assert.rejects(check(spoilt), /healthchek/)
  } finally {
    await rm(spoilt)
  }
})

test('compose: every process of ours that it starts is a composition root of ours', async () => {
  const text = await readFile(join(root, 'docker-compose.yml'), 'utf8')
  const mains = [...text.matchAll(/node, (workers\/[\w.-]+)/g)].map((match) => match[1] ?? '')
  assert.deepEqual(
    mains.toSorted(),
    ['api', 'control', 'image', 'origin', 'video'].map((role) => `workers/${role}.main.ts`),
  )
  for (const main of mains) await readFile(join(root, main))
})
