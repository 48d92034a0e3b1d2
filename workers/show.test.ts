import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { endedWords } from './show.ts'

test('demo: whoever had it end is told that the addresses are dead, and where what stays lies', async () => {
  const home = await mkdtemp(join(tmpdir(), 'darkroom-show-'))
  try {
    await mkdir(join(home, 'logs'))
    const words = endedWords(home)
    assert.match(words, /nothing answers at the addresses above any more/)
    assert.ok(words.includes(`data folder ${home}`) && words.includes(join(home, 'logs')))
    assert.ok(!words.includes('renditions'), 'of what is not there no path is told')
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})
