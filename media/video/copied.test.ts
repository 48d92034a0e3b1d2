import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { copiedKeyframes } from '../../domain/copy-gate.ts'
import { planVideo } from '../../domain/plan-video.ts'
import type { Preset } from '../../domain/plans.ts'
import { developPlan, ffmpeg, framesIn, grayFrames, little, makeClip, meanOf, must, studioIn, writeRung } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-copied-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))
const copying: Preset = {
  ...little,
  video: { ...little.video, copiesTop: true, rungs: little.video.rungs.map((rung) => ({ ...rung, maxKbps: 4_000 })) },
}
const closed = [
  '-x264-params',
  'open-gop=0:scenecut=0:keyint=30:min-keyint=30',
  '-color_primaries',
  'bt709',
  '-color_trc',
  'bt709',
  '-colorspace',
  'bt709',
]

async function planned(source: string) {
  const { probe } = await studio.probe(source, 'video/mp4')
  const packets = probe.plainH264 ? await studio.packets(source, probe) : null
  const plain = planVideo(probe, copying, { filter: null })
  const keyframes = copiedKeyframes(packets, probe, Math.round((plain.durationMs / 1000) * plain.fps), must(plain.rungs[0]))
  return planVideo(keyframes ? { ...probe, keyframes } : probe, copying, { filter: null })
}

const md5 = (file: string) =>
  ffmpeg(folder, '-i', file, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-')
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => must(line.split(',').at(-1)).trim())

test('studio: a copied top rung has the very frames of the source, each in its time, cut where it has keyframes', async () => {
  for (const rate of ['25', '30000/1001']) {
    const source = makeClip(folder, 'source.mp4', { rate, seconds: 7, more: closed })
    const plan = await planned(source)
    assert.deepEqual(
      plan.rungs.map(({ copied }) => copied),
      [true, undefined],
    )
    assert.ok(plan.chunks.length > 2)
    const done = await developPlan(studio, source, plan)
    const copied = writeRung(folder, 'copied.mp4', done, 0)
    assert.deepEqual(md5(copied), md5(source))
    const [frames, lower] = [framesIn(copied), framesIn(writeRung(folder, 'lower.mp4', done, 1))]
    const ticks = rate === '25' ? 1_000 : 1_001
    assert.deepEqual(
      frames.map(({ pts }) => pts),
      lower.map(({ pts }) => pts),
    )
    assert.deepEqual(
      frames.map(({ pts }) => pts),
      frames.map((_, at) => at * ticks),
    )
    // Players change rungs at any keyframe: both have them at the same frames.
    assert.deepEqual(
      frames.map(({ key }) => key),
      lower.map(({ key }) => key),
    )
    const lengths = (rung: number) =>
      done.chunks.map((rungs) => must(rungs[rung]).segments.map(({ durationSeconds }) => durationSeconds.toFixed(4)))
    assert.deepEqual(lengths(0), lengths(1))
    for (const rungs of done.chunks) assert.deepEqual(must(rungs[0]).init, must(done.chunks[0]?.[0]).init)
  }
})

test('studio: what lower rungs show is what the copied one shows at that time', async () => {
  const source = makeClip(folder, 'steps.mp4', {
    silent: true,
    picture: 'color=c=black',
    more: ['-vf', "format=gray,geq=lum='mod(N*11,200)+20',format=yuv420p", ...closed],
  })
  const plan = await planned(source)
  assert.equal(plan.rungs[0]?.copied, true)
  const done = await developPlan(studio, source, plan)
  const [copied, lower] = [0, 1].map((rung) => grayFrames(folder, writeRung(folder, 'rung.mp4', done, rung)).map(meanOf))
  must(lower).forEach((mean, at) => assert.ok(Math.abs(mean - must(must(copied)[at])) < 5, `frame ${at}`))
})

test('studio: what players could not take as it is is encoded anew', async () => {
  const open = makeClip(folder, 'open.mp4', {
    seconds: 6,
    more: ['-preset', 'medium', '-bf', '3', '-x264-params', 'open-gop=1:keyint=27:min-keyint=27:scenecut=0:b-adapt=0', ...closed.slice(2)],
  })
  const long = makeClip(folder, 'long.mp4', { seconds: 6, more: ['-x264-params', 'keyint=150:scenecut=0', ...closed.slice(2)] })
  makeClip(folder, 'upright.mp4', { seconds: 2, more: closed })
  ffmpeg(folder, '-i', 'upright.mp4', '-c', 'copy', '-metadata:s:v:0', 'rotate=90', 'turned.mp4')
  const wide = makeClip(folder, 'wide.mp4', { seconds: 2, more: [...closed, '-pix_fmt', 'yuv444p'] })
  for (const source of [open, long, join(folder, 'turned.mp4'), wide])
    assert.ok(
      (await planned(source)).rungs.every(({ copied }) => !copied),
      source,
    )
})
