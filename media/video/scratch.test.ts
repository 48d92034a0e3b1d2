import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createScratch } from './scratch.ts'

const root = mkdtempSync(join(tmpdir(), 'video-scratch-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('scratch: a folder is gone after the work, also when it fails', async () => {
  const scratch = createScratch(root, process.pid, 1000)
  let seen = ''
  await assert.rejects(
    scratch.within(async (folder) => {
      seen = folder
      writeFileSync(join(folder, 'half.mp4'), 'x')
      throw new Error('mid-way')
    }),
    /mid-way/,
  )
  assert.ok(seen !== '' && !existsSync(seen))
})

test("scratch: dead processes' folders are removed, living ones' and strangers' stay", () => {
  // Ids end well below this on every system, so nobody has it.
  const dead = 2 ** 30
  for (const name of [`video-${dead}-abc-1`, `video-${process.ppid}-abc-1`, `video-${process.pid}-older-1`, 'photos'])
    mkdirSync(join(root, name))
  createScratch(root, process.pid, 1000)
  assert.deepEqual(readdirSync(root).toSorted(), ['photos', `video-${process.ppid}-abc-1`])
})
