import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { PlannedRung, VideoPlan } from '../domain/plans.ts'
import { standard } from '../domain/presets/standard.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import { childCpuMs } from './child-cpu.ts'
import type { Bench, BenchContext, Figure } from './types.ts'

const run = promisify(execFile)
const GOAL = 1
const WORKERS = 2
const CPU_GOAL = 1.05
/** Of the time that one ffmpeg for each rung takes, one after the other. */
const APART_GOAL = 0.65
/** It is so much slower that a few rounds tell. */
const APART_ROUNDS = 2
const ROUNDS = 5
/** So many are tried for quiet ones. */
const ROUNDS_MAX = 9
/** Share of the machine that other programs may use in a quiet round. */
const OTHERS_SHARE_MAX = 0.08
const SECONDS = 24

interface Cost {
  readonly wallMs: number
  /** Of the children, user and system; NaN where there is no /proc. */
  readonly cpuMs: number
  readonly bytes: number
}

/** `npm run bench -- video-ladder [CLIP]`: a clip of one's own, or the sample clip of 24 s at 720p. */
export const bench: Bench = {
  name: 'video-ladder',
  claim: `a ladder made in chunks by ${WORKERS} workers takes no longer than by one ffmpeg with a split filter on all cores`,
  goal: `wall-clock ratio <= ${GOAL.toFixed(1)}, CPU ratio <= ${CPU_GOAL}; wall <= ${APART_GOAL} of an ffmpeg for each rung`,
  run: measure,
}

async function measure(context: BenchContext): Promise<Figure> {
  const ffmpeg = context.tools['ffmpeg'] ?? 'ffmpeg'
  const ffprobe = context.tools['ffprobe'] ?? 'ffprobe'
  const clip = context.args[0] ?? (await makeSampleClip({ ffmpeg, target: join(context.scratch, 'clip.mp4'), seconds: SECONDS }))
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(context.scratch, 'studio'), limits })
  const { probe } = await studio.probe(clip, 'video/mp4')
  const plan = planVideo(probe, standard, { filter: null })
  context.say(
    `${plan.width}x${plan.height}, ${plan.durationMs} ms: ${plan.rungs.map((rung) => rung.name).join(' ')} in ${plan.chunks.length} chunks`,
  )

  const chunked = async () => {
    const queue = plan.chunks.values()
    let bytes = 0
    const worker = async () => {
      for (const chunk of queue) {
        const rungs = await studio.encodeChunk(clip, plan, chunk, {})
        bytes += rungs.flatMap((rung) => rung.segments).reduce((sum, segment) => sum + segment.data.byteLength, 0)
      }
    }
    await Promise.all(Array.from({ length: WORKERS }, worker))
    return bytes
  }
  const split = async () => {
    const folder = join(context.scratch, 'split')
    await mkdir(folder, { recursive: true })
    await run(ffmpeg, splitArguments(clip, plan), { cwd: folder })
    const sizes = await Promise.all(plan.rungs.map((rung) => stat(join(folder, `${rung.name}.mp4`))))
    return sizes.reduce((sum, { size }) => sum + size, 0)
  }

  const apart = async () => {
    const folder = join(context.scratch, 'apart')
    await mkdir(folder, { recursive: true })
    for (const rung of plan.rungs) await run(ffmpeg, splitArguments(clip, { ...plan, rungs: [rung] }), { cwd: folder })
    return (await Promise.all(plan.rungs.map((rung) => stat(join(folder, `${rung.name}.mp4`))))).reduce((sum, { size }) => sum + size, 0)
  }

  const rounds: Round[] = []
  const isEnough = () => rounds.filter(({ othersShare }) => othersShare <= OTHERS_SHARE_MAX).length >= ROUNDS
  while (rounds.length < ROUNDS_MAX && !isEnough()) {
    const before = await machineMs()
    // Each goes first in turn, so that a machine that slows down is unfair to neither.
    const oursFirst = rounds.length % 2 === 0
    const first = await costOf(oursFirst ? chunked : split)
    const second = await costOf(oursFirst ? split : chunked)
    const [ours, peers] = oursFirst ? [first, second] : [second, first]
    const after = await machineMs()
    const othersShare = Math.max(0, (after.busy - before.busy - ours.cpuMs - peers.cpuMs) / (after.all - before.all))
    const round = { wall: ours.wallMs / peers.wallMs, cpu: ours.cpuMs / peers.cpuMs, bytes: ours.bytes / peers.bytes, othersShare }
    rounds.push(round)
    context.say(
      `round ${rounds.length}: chunks ${seconds(ours.wallMs)} s, split ${seconds(peers.wallMs)} s; wall ${round.wall.toFixed(3)}, CPU ${round.cpu.toFixed(3)}, bytes ${round.bytes.toFixed(3)}; others used ${(othersShare * 100).toFixed(0)}% of the machine`,
    )
  }
  const quietest = rounds.toSorted((a, b) => a.othersShare - b.othersShare).slice(0, ROUNDS)
  const value = median(quietest.map(({ wall }) => wall))
  const cpu = median(quietest.map(({ cpu }) => cpu))
  context.say(`median of the ${quietest.length} quietest rounds: wall ${value.toFixed(3)}, CPU ${cpu.toFixed(3)}`)
  if (!isEnough())
    context.say('The machine was busy with other things: the wall clock says how it shares itself out, only the CPU ratio holds.')
  const shares: number[] = []
  for (let round = 0; round < APART_ROUNDS; round++) {
    const ours = await costOf(chunked)
    shares.push(ours.wallMs / (await costOf(apart)).wallMs)
  }
  const share = median(shares)
  context.say(`an ffmpeg for each rung: wall ${shares.map((value) => value.toFixed(3)).join(', ')} of it`)
  return {
    name: 'video-ladder',
    value: Number(value.toFixed(3)),
    unit: `ratio of wall-clock time (of CPU time: ${cpu.toFixed(3)}; of an ffmpeg for each rung: ${share.toFixed(3)})`,
    goal: `<= ${GOAL.toFixed(1)}, CPU <= ${CPU_GOAL}, wall <= ${APART_GOAL} of an ffmpeg for each rung`,
    peer: 'one ffmpeg, split filter, same rungs, rate control and GOPs, threads as it chooses',
    holds: value <= GOAL && !(cpu > CPU_GOAL) && share <= APART_GOAL,
  }
}

/** One comparison: ours over the peer's. */
interface Round {
  readonly wall: number
  readonly cpu: number
  readonly bytes: number
  /** How much of the machine's CPU time went to neither, 0 to 1; NaN where there is no /proc. */
  readonly othersShare: number
}

/** CPU time of the whole machine since it started, of all programs and in all: first line of proc(5)'s stat. */
async function machineMs(): Promise<{ busy: number; all: number }> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => '')
  const [user = NaN, nice = NaN, system = NaN, idle = NaN, wait = NaN] = text.split('\n')[0]?.split(/\s+/).slice(1).map(Number) ?? []
  const busy = (user + nice + system) * 10
  return { busy, all: busy + (idle + wait) * 10 }
}

/** The plain way to the same ladder: one process, one decode, a file per rung. */
function splitArguments(clip: string, plan: VideoPlan): string[] {
  const labels = plan.rungs.map((rung) => `[in${rung.index}]`).join('')
  const scales = plan.rungs.map((rung) => `[in${rung.index}]scale=${rung.width}:${rung.height},setsar=1[out${rung.index}]`)
  const graph = `[0:v]split=${plan.rungs.length}${labels};${scales.join(';')}`
  const rate = (rung: PlannedRung) => ['-crf', `${rung.crf}`, '-maxrate', `${rung.maxKbps}k`, '-bufsize', `${rung.maxKbps * 2}k`]
  const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-pix_fmt', 'yuv420p']
  const gops = ['-x264-params', `keyint=${plan.gopFrames}:min-keyint=${plan.gopFrames}:scenecut=0:open-gop=0`]
  const container = ['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof']
  const outputs = plan.rungs.flatMap((rung) => [
    '-map',
    `[out${rung.index}]`,
    ...encoder,
    ...rate(rung),
    ...gops,
    ...container,
    `${rung.name}.mp4`,
  ])
  return ['-v', 'error', '-nostdin', '-y', '-i', resolve(clip), '-filter_complex', graph, ...outputs]
}

async function costOf(work: () => Promise<number>): Promise<Cost> {
  const [cpu, begin] = [await childCpuMs(), performance.now()]
  const bytes = await work()
  assert.ok(bytes > 0)
  return { wallMs: performance.now() - begin, cpuMs: (await childCpuMs()) - cpu, bytes }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
