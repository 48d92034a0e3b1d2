import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../../domain/limits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { hasDamage } from './failure.ts'
import { developAll, grayFrames, little, makeClip, must, studioIn, writeRung } from './fixtures.ts'
import { ladderTries } from './ladder-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-damage-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

/** A clip whose groups of pictures last three seconds, the second one's keyframe broken. */
function damagedClip(): string {
  const file = makeClip(folder, 'sound.mp4', { silent: true, more: ['-g', '75', '-sc_threshold', '0'] })
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pos,size,flags', '-of', 'csv=p=0', file]
  const keyframes = execFileSync('ffprobe', args, { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('K'))
  const [size = 0, position = 0] = must(keyframes[1]).split(',').map(Number)
  const bytes = readFileSync(file)
  bytes.fill(0x5a, position + Math.floor(size * 0.3), position + Math.floor(size * 0.9))
  writeFileSync(join(folder, 'damaged.mp4'), bytes)
  return join(folder, 'damaged.mp4')
}

test('damage: what a decoder makes up within a chunk is what it makes up in a whole encode', async () => {
  const source = damagedClip()
  const framesOf = async (name: string, chunkSeconds: number) => {
    const done = await developAll(studio, source, { ...little, video: { ...little.video, chunkSeconds } })
    return grayFrames(folder, writeRung(folder, name, done, 0))
  }
  const whole = await framesOf('whole.mp4', 100)
  const chunked = await framesOf('chunked.mp4', 2)
  assert.equal(chunked.length, whole.length)
  for (const [at, frame] of chunked.entries()) {
    const off = Math.max(...frame.map((value, pixel) => Math.abs(value - must(must(whole[at])[pixel]))))
    assert.ok(off < 24, `frame ${at}: ${off}`)
  }
})

test('damage: only chunks that seek are tried again, from the beginning or as far back as the limit has it', async () => {
  const { probe } = await studio.probe(makeClip(folder, 'plain.mp4'), 'video/mp4')
  const settings = { zscale: false, threads: 1, pixelsMax: limits.videoPixelsMax }
  const seeksOf = (durationMs: number, index: number) => {
    const plan = planVideo({ ...probe, durationMs }, little, { filter: null })
    const tries = ladderTries('/in.mp4', plan, must(plan.chunks[index]), settings, { videoDamagedPrerollSecondsMax: 60 })
    return tries.map(({ inputOptions }) => (inputOptions.includes('-ss') ? inputOptions[inputOptions.indexOf('-ss') + 1] : 'none'))
  }
  assert.deepEqual(seeksOf(5_000, 0), ['none'])
  assert.deepEqual(seeksOf(5_000, 1), ['2.018', 'none'])
  assert.deepEqual(seeksOf(100_000, 40), ['80.018', '20'])
})

test('damage: missing references of an open group are none', () => {
  assert.ok(hasDamage(['[h264 @ 0x55] error while decoding MB 4 0, bytestream 4289']))
  assert.ok(hasDamage(['Error while decoding stream #0:0: Invalid data found when processing input']))
  assert.ok(!hasDamage(['[h264 @ 0x55] reference picture missing during reorder', '[h264 @ 0x55] co located POCs unavailable']))
})
