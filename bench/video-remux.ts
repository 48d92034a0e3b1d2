import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { copiedKeyframes } from '../domain/copy-gate.ts'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoPlan } from '../domain/plans.ts'
import { copy } from '../domain/presets/copy.ts'
import { standard } from '../domain/presets/standard.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { inProcess } from '../media/video/runner.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import { childCpuOf } from './child-cpu.ts'
import type { Bench, BenchContext, Figure } from './types.ts'

const ROUNDS = 5
const SHARE_MAX = 0.02
const SECONDS = 24

/** `npm run bench -- video-remux`: a clip of 1080p as phones and editors make them, with closed groups of two seconds. */
export const bench: Bench = {
  name: 'video-remux',
  claim: 'a picture that players can take as it is is given out without being encoded anew',
  goal: `CPU of copying the top rung <= ${SHARE_MAX} of encoding it`,
  run: measure,
}

async function measure({ tools, scratch, say }: BenchContext): Promise<Figure> {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = tools
  const sample = await makeSampleClip({ ffmpeg, target: join(scratch, 'sample.mp4'), seconds: SECONDS, width: 1920, height: 1080 })
  const clip = join(scratch, 'clip.mp4')
  const encoding = '-c:v libx264 -preset superfast -crf 26 -g 60 -sc_threshold 0 -flags +cgop -pix_fmt yuv420p -maxrate 5M -bufsize 5M'
  const colours = '-color_primaries bt709 -color_trc bt709 -colorspace bt709 -c:a copy'
  await promisify(execFile)(ffmpeg, ['-v', 'error', '-y', '-i', sample, ...`${encoding} ${colours}`.split(' '), clip])
  const studio = createVideoStudio({ runner: inProcess, ffmpeg, ffprobe, scratch: join(scratch, 'studio'), limits })
  const { probe } = await studio.probe(clip, 'video/mp4')
  const fixed = planVideo(probe, standard, { filter: null })
  const encode = (plan: VideoPlan) => async () => {
    for (const chunk of plan.chunks) await studio.encodeChunk(clip, plan, chunk, {})
  }
  let plan = fixed
  // What it costs to find out is part of the price.
  const looking = await childCpuOf(async () => {
    const packets = await studio.packets(clip, probe)
    const frames = Math.round((fixed.durationMs / 1000) * fixed.fps)
    const keyframes = copiedKeyframes(packets, probe, frames, { maxKbps: fixed.rungs[0]?.maxKbps ?? 0 })
    plan = planVideo(keyframes ? { ...probe, keyframes } : probe, copy, { filter: null })
  })
  const isCopied = plan.rungs[0]?.copied === true
  const encoded = await childCpuOf(encode(only(fixed, fixed.rungs.slice(0, 1))))
  say(`CPU: listing packets ${looking} ms, encoding the top rung ${encoded} ms${isCopied ? '' : '; it was NOT copied'}`)
  // The copy is one more output of the run that encodes the other rungs: what it adds to the least of them.
  const [top, least] = [plan.rungs.slice(0, 1), plan.rungs.slice(-1)]
  const costs: { readonly without: number; readonly beside: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    costs.push({ without: await childCpuOf(encode(only(plan, least))), beside: await childCpuOf(encode(only(plan, [...top, ...least]))) })
    say(`round ${round + 1}: the least rung ${costs.at(-1)?.without} ms, with the copy ${costs.at(-1)?.beside} ms`)
  }
  // Other programs only ever add to what a run takes.
  const copied = Math.max(0, Math.min(...costs.map(({ beside }) => beside)) - Math.min(...costs.map(({ without }) => without)))
  say(`the copy adds ${copied} ms`)
  const value = (looking + copied) / encoded
  return {
    name: 'video-remux',
    value: Number(value.toFixed(4)),
    unit: 'share of the CPU of encoding the 1080p rung',
    goal: `<= ${SHARE_MAX}`,
    peer: 'the same rung of the same clip encoded by the same chunks, of ffmpeg’s children alone',
    holds: isCopied && value <= SHARE_MAX,
  }
}

function only(plan: VideoPlan, rungs: VideoPlan['rungs']): VideoPlan {
  return { ...plan, rungs }
}
