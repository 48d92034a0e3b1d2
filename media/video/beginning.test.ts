import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { leadRungs } from '../../domain/plan-video.ts'
import { developAll, little, makeClip, must, studioIn } from './fixtures.ts'

test("studio: the beginning of the sound is the whole track's beginning, byte for byte", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'beginning-'))
  context.after(async () => await rm(folder, { recursive: true, force: true }))
  const studio = studioIn(folder)
  const source = makeClip(folder, 'long.mp4', { seconds: 21, size: '32x32', rate: '5', more: ['-af', 'tremolo=f=0.3:d=0.9,aecho'] })
  const { audio, plan } = await developAll(studio, source)
  const beginning = await studio.encodeAudio(source, plan, { untilSeconds: 13 })
  assert.equal(beginning.segments.length, 2)
  assert.deepEqual(beginning.init, must(audio).init)
  assert.deepEqual(beginning.segments, must(audio).segments.slice(0, 2))
  const longer = await studio.encodeAudio(source, plan, { untilSeconds: 61 })
  assert.deepEqual(longer, audio)
})

test('studio: a rung encoded without the larger ones has the same init as with them', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'beginning-'))
  context.after(async () => await rm(folder, { recursive: true, force: true }))
  const studio = studioIn(folder)
  const source = makeClip(folder, 'clip.mp4', { seconds: 5, size: '320x240', silent: true })
  const { plan, chunks } = await developAll(studio, source, little)
  const alone = await studio.encodeChunk(source, { ...plan, rungs: leadRungs(plan).slice(-1) }, must(plan.chunks[0]), {})
  assert.equal(alone.length, 1)
  assert.deepEqual(must(alone[0]).init, must(chunks[1]?.at(-1)).init)
})
