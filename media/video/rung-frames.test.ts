import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planVideo } from '../../domain/plan-video.ts'
import type { PlannedRung, VideoPlan } from '../../domain/plans.ts'
import { standard } from '../../domain/presets/standard.ts'
import { scaledFrames } from './rung-frames.ts'

const source = {
  width: 1920,
  height: 1080,
  durationMs: 8_000,
  fps: 30,
  startSeconds: 0,
  audio: null,
  videoStreamIndex: 0,
  videoCodec: 'h264',
}
const plan: VideoPlan = planVideo(source, standard, { filter: null })
const chainsOf = (rungs: readonly PlannedRung[], zscale = false) => scaledFrames({ ...plan, rungs }, ['GRID'], { zscale })

test('rung frames: what is half as large as a smaller rung is scaled from that one', () => {
  assert.deepEqual(chainsOf(plan.rungs), [
    '[0:0]GRID,scale=w=1920:h=1080,format=yuv420p,setsar=1,split=3[sr0][sr1][sr2]',
    '[sr0]null[r0]',
    '[sr1]scale=w=1280:h=720:flags=bicubic,setsar=1,split=2[r1][sr3]',
    '[sr2]scale=w=854:h=480:flags=bicubic,setsar=1,split=2[r2][sr4]',
    '[sr3]scale=w=640:h=360:flags=bicubic,setsar=1[r3]',
    '[sr4]scale=w=426:h=240:flags=bicubic,setsar=1[r4]',
  ])
})

test('rung frames: where there is zimg it scales all but the largest, once frames are told to be what they are', () => {
  const zimg = (size: string) => `zscale=${size}:filter=bicubic:param_a=0:param_b=0.6,setsar=1`
  const uniform = 'setparams=field_mode=prog:range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709'
  assert.deepEqual(chainsOf(plan.rungs.slice(2), true), [
    `[0:0]GRID,scale=w=854:h=480,format=yuv420p,setsar=1,${uniform},split=3[sr2][sr3][sr4]`,
    '[sr2]null[r2]',
    `[sr3]${zimg('w=640:h=360')}[r3]`,
    `[sr4]${zimg('w=426:h=240')}[r4]`,
  ])
})

test('rung frames: some rungs alone are made of the largest of them', () => {
  assert.deepEqual(chainsOf(plan.rungs.slice(3)), [
    '[0:0]GRID,scale=w=640:h=360,format=yuv420p,setsar=1,split=2[sr3][sr4]',
    '[sr3]null[r3]',
    '[sr4]scale=w=426:h=240:flags=bicubic,setsar=1[r4]',
  ])
})

test('rung frames: a rung in another codec takes the frames of the one of its size, one in HDR those before they are toned down', () => {
  const rungs = plan.rungs.slice(0, 2)
  const newer = (rung: PlannedRung | undefined, index: number, range?: 'hlg') => ({ ...rung, index, codec: 'hevc', range }) as PlannedRung
  assert.deepEqual(chainsOf([...rungs, newer(rungs[0], 2), newer(rungs[1], 3), newer(rungs[0], 4, 'hlg')]), [
    '[0:0]GRID,split=2[sdr][hdr]',
    '[sdr]scale=w=1920:h=1080,format=yuv420p,setsar=1,split=3[sr0][sr1][sr2]',
    '[hdr]split=1[sr4]',
    '[sr0]null[r0]',
    '[sr1]scale=w=1280:h=720:flags=bicubic,setsar=1,split=2[r1][sr3]',
    '[sr2]null[r2]',
    '[sr3]null[r3]',
    '[sr4]scale=w=1920:h=1080:flags=bicubic,setsar=1,format=yuv420p10le[r4]',
  ])
})
