import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../../domain/limits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import type { SourceType } from '../../domain/plans.ts'
import { parseWebVtt } from '../../domain/webvtt.ts'
import { flags } from './command.ts'
import { ffmpeg, little, makeClip, must, studioIn } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-captions-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

makeClip(folder, 'plain.mp4', { seconds: 3 })
writeFileSync(join(folder, 'en.srt'), '1\n00:00:00,500 --> 00:00:01,500\nHello <b>you</b>\n\n2\n00:00:02,000 --> 00:00:02,500\nEnd\n')
writeFileSync(join(folder, 'de.srt'), '1\n00:00:00,500 --> 00:00:01,500\nHallo\n')

async function captionsIn(source: string, type: SourceType) {
  const { probe } = await studio.probe(source, type)
  const plan = planVideo(probe, little, { filter: null })
  return { plan, texts: plan.captions ? await studio.captions(source, plan, {}) : [] }
}

test('studio: text tracks of every kind come out as WebVTT, in their languages', async () => {
  const inputs = flags('-i', 'plain.mp4', '-i', 'en.srt', '-i', 'de.srt', '-map', '0', '-map', '1', '-map', '2', '-c', 'copy')
  const languages = flags('-metadata:s:s:0', 'language=eng', '-metadata:s:s:1', 'language=ger')
  const containers = [
    ['mov_text', 'out.mp4', 'video/mp4'],
    ['srt', 'out.mkv', 'video/x-matroska'],
    ['ass', 'out-ass.mkv', 'video/x-matroska'],
    ['webvtt', 'out-vtt.mkv', 'video/x-matroska'],
  ] as const
  for (const [codec, name, type] of containers) {
    ffmpeg(folder, ...inputs, '-c:s', codec, ...languages, name)
    const { plan, texts } = await captionsIn(join(folder, name), type)
    assert.deepEqual(
      plan.captions?.map(({ language }) => language),
      ['en', 'de'],
      name,
    )
    const originMs = Math.round(must(plan.chunks[0]).startSeconds * 1000)
    const cues = parseWebVtt(must(texts[0]), limits)
    assert.deepEqual(
      cues.map(({ startMs, endMs, text }) => [startMs - originMs, endMs - originMs, text.replaceAll(/<.*?>/g, '')]),
      [
        [500, 1_500, 'Hello you'],
        [2_000, 2_500, 'End'],
      ],
      name,
    )
    assert.match(must(texts[1]), /Hallo/)
  }
})

test('studio: a film without text has no captions', async () => {
  assert.deepEqual((await captionsIn(join(folder, 'plain.mp4'), 'video/mp4')).texts, [])
})
