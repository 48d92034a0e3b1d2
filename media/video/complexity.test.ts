import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { planSamples } from '../../domain/complexity.ts'
import { limits } from '../../domain/limits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { meanSsim, ssimCommand, trialCommand } from './complexity-command.ts'
import { little, makeClip, must, studioIn } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'complexity-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const linesOf = ({ inputOptions, source, outputs }: ReturnType<typeof trialCommand>) => [
  [...inputOptions, '-i', source].join(' '),
  ...outputs.map(({ options, target }) => [...options, target].join(' ')),
]

test('complexity: a sample is decoded once from a keyframe on, kept, and encoded four times', async () => {
  const studio = studioIn(folder)
  const clip = makeClip(folder, 'clip.mp4', { seconds: 12 })
  const { probe } = await studio.probe(clip, 'video/mp4')
  const plan = planVideo(probe, little, { filter: null })
  const samples = must(planSamples(plan))
  const [input, reference, fixed, coarse, eager, small] = linesOf(
    trialCommand('/o', plan, samples, 6, { zscale: false, pixelsMax: limits.videoPixelsMax }),
  )
  assert.match(must(input), /-noaccurate_seek -ss 6 -i file:\/o$/)
  assert.match(must(reference), /trim=end_frame=30,split=5.*-c:v rawvideo -frames:v 30 -fps_mode passthrough -f nut reference\.nut$/)
  assert.match(must(fixed), /-preset veryfast .* -crf 24 -x264-params keyint=25:scenecut=0:b-adapt=0:rc-lookahead=15 .* fixed\.h264$/)
  assert.match(must(coarse), /-preset veryfast .* -crf 33 .* coarse\.h264$/)
  assert.match(
    must(eager),
    /-preset slow .* -crf 26 -x264-params keyint=25:scenecut=0:aq-mode=2:psy=0:b-adapt=2:bframes=5:me=umh:subme=9:ref=5 .* eager\.h264$/,
  )
  assert.match(must(small), /-preset veryfast .* -crf 25 .* small\.h264$/)
  assert.match(must(linesOf(ssimCommand(samples))[0]), /-f h264 -i file:fixed\.h264 .* -i file:reference\.nut$/)
})

test('complexity: trials tell that finer quantisers cost more and keep more, and that a smaller size keeps less', async () => {
  const studio = studioIn(folder)
  const clip = makeClip(folder, 'tried.mp4', { size: '640x480', seconds: 12 })
  const { probe } = await studio.probe(clip, 'video/mp4')
  const rungs = [480, 240].map((shortSide) => ({ shortSide, crf: 24, maxKbps: 1_000 }))
  const plan = planVideo(probe, { ...little, video: { ...little.video, rungs } }, { filter: null })
  const { eager, fixed, small } = must(await studio.complexity(clip, plan, {}))
  const [low, high] = eager
  assert.ok(low.kbps > high.kbps && low.ssim > high.ssim, JSON.stringify(eager))
  assert.ok(fixed.kbps > small.kbps && fixed.ssim > small.ssim, JSON.stringify({ fixed, small }))
  for (const { ssim } of [low, high, fixed, small]) assert.ok(ssim > 0.5 && ssim < 1, `${ssim}`)
})

test('complexity: what is short is not tried', async () => {
  const studio = studioIn(folder)
  const clip = makeClip(folder, 'short.mp4', { seconds: 3 })
  const { probe } = await studio.probe(clip, 'video/mp4')
  assert.equal(await studio.complexity(clip, planVideo(probe, little, { filter: null }), {}), null)
})

test('complexity: the mean is of all planes of all frames', () => {
  assert.equal(meanSsim('n:1 Y:0.9 U:1 V:1 All:0.500000 (3)\nn:2 Y:0.8 U:1 V:1 All:0.750000 (6)\n'), 0.625)
})
