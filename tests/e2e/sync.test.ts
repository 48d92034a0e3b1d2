import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { measureSync } from './support/sync.ts'
import { missing, tools } from './support/tools.ts'

const SECONDS = 5
const OFF_MS_MAX = 10

test('sync: players show sound and picture together, and the measuring sees where they are not', {
  skip: missing('ffmpeg', 'chromium'),
}, async (context) => {
  const scratch = await mkdtemp(join(tmpdir(), 'sync-'))
  context.after(async () => await rm(scratch, { recursive: true, force: true }))
  const ways = [
    { way: 'one file', player: 'native', url: 'clip.mp4' },
    { way: 'hls.js', player: 'hls.js', url: 'master.m3u8' },
    { way: 'native HLS', player: 'native', url: 'master.m3u8' },
    { way: 'split by ffmpeg', player: 'hls.js', url: 'split.m3u8' },
  ] as const
  const [whole, script, native, control] = await measureSync({ tools, scratch, seconds: SECONDS }, ways)
  assert.ok(whole && script && native && control)
  for (const { way, beeps, offsetMs } of [script, native]) {
    assert.ok(beeps >= 3, `${way}: ${beeps} beeps`)
    assert.ok(Math.abs(offsetMs - whole.offsetMs) <= OFF_MS_MAX, `${way}: ${offsetMs} ms, one file ${whole.offsetMs} ms`)
  }
  assert.ok(Math.abs(control.offsetMs - whole.offsetMs) > OFF_MS_MAX, `the control: ${control.offsetMs} ms`)
})
