import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { planVideo } from '../../domain/plan-video.ts'
import { soundTitles, withSound } from '../../domain/sounds.ts'
import { flags } from './command.ts'
import { ffmpeg, little, makeClip, must, studioIn, writeTrack } from './fixtures.ts'

const RATE = 8_000
const folder = mkdtempSync(join(tmpdir(), 'video-sounds-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

makeClip(folder, 'plain.mp4', { seconds: 3 })
const more = flags('-i', 'plain.mp4', '-f', 'lavfi', '-i', 'sine=f=1000:d=2', '-map', '0', '-map', '1')
const languages = flags('-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger')
const encoded = flags('-c:v', 'copy', '-c:a', 'aac')

/** Hertz of a tone, from how often it crosses zero, and how long it is heard, seconds. */
function toneOf(file: string): { hertz: number; seconds: number } {
  const raw = ffmpeg(folder, '-i', file, '-f', 's16le', '-ac', '1', '-ar', String(RATE), '-')
  const samples = Array.from({ length: raw.length / 2 }, (_, at) => raw.readInt16LE(at * 2))
  const loud = samples.findLastIndex((sample) => Math.abs(sample) > 500) + 1
  let crossings = 0
  for (let at = 1; at < loud; at += 1) if ((samples[at] ?? 0) >= 0 !== (samples[at - 1] ?? 0) >= 0) crossings += 1
  return { hertz: (crossings * RATE) / (2 * loud), seconds: loud / RATE }
}

test('studio: each sound of a film is encoded on its own, as long as the picture', async () => {
  ffmpeg(folder, ...more, ...encoded, ...languages, 'two.mp4')
  const source = join(folder, 'two.mp4')
  const { probe } = await studio.probe(source, 'video/mp4')
  const plan = planVideo(probe, little, { filter: null })
  assert.deepEqual(
    soundTitles(plan).map(({ language }) => language),
    ['en', 'de'],
  )
  for (const [sound, expected] of [
    [0, { hertz: 440, seconds: 3 }],
    [1, { hertz: 1000, seconds: 2 }],
  ] as const) {
    const track = await studio.encodeAudio(source, withSound(plan, sound), {})
    const total = track.segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0)
    assert.ok(Math.abs(total - 3) < 0.05, `${total} s`)
    const { hertz, seconds } = toneOf(writeTrack(folder, `sound-${sound}.m4a`, track))
    assert.ok(Math.abs(hertz - expected.hertz) < expected.hertz * 0.02, `sound ${sound}: ${hertz} Hz`)
    assert.ok(Math.abs(seconds - expected.seconds) < 0.1, `sound ${sound}: heard for ${seconds} s`)
  }
})

test('studio: what has to be remuxed keeps its sounds', async () => {
  ffmpeg(folder, ...more, ...encoded, ...languages, 'two.ts')
  const source = join(folder, 'two.ts')
  const { probe, seekable } = await studio.probe(source, 'video/mp2t')
  assert.equal(seekable, false)
  assert.equal(probe.otherSounds?.length, 1)
  const deliver = async (file: string) => writeFileSync(join(folder, 'remuxed.mp4'), readFileSync(file))
  const { type } = await studio.remux(source, 'video/mp2t', probe, deliver, {})
  const again = (await studio.probe(join(folder, 'remuxed.mp4'), type)).probe
  assert.deepEqual([again.audio?.language, must(again.otherSounds)[0]?.language], ['en', 'de'])
})
