import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { PlannedRung, VideoPlan } from '../domain/plans.ts'
import { standard } from '../domain/presets/standard.ts'
import { inProcess } from '../media/video/runner.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import { childCpuMs } from './child-cpu.ts'
import { median } from './median.ts'
import type { Bench, BenchContext, Figure } from './types.ts'
import { admitted } from './video/clips.ts'
import { makeNaturalClip } from './video/natural-clip.ts'
import { startWholeWay } from './video/whole-way.ts'

const run = promisify(execFile)
const GOAL = 1
const WORKERS = 2
const CPU_GOAL = 1.05
/** Of the time that one ffmpeg for each rung takes, one after the other. */
const APART_GOAL = 0.65
/** It is so much slower that a few rounds tell. */
const APART_ROUNDS = 2
const ROUNDS = 3
/** So many more are tried for quiet ones. */
const ROUNDS_MORE = 3
/** Share of the machine that other programs may use in a quiet round. */
const OTHERS_SHARE_MAX = 0.08
const SECONDS = 24

interface Cost {
  readonly wallMs: number
  /** Of the children, user and system; NaN where there is no /proc. */
  readonly cpuMs: number
  readonly bytes: number
}

/**
 * `npm run bench -- video-ladder [CLIP [ROUNDS]]`: a clip of one's own (`-` for the other), or one of 24 s at 1080p as natural
 * pictures are; once through the studio alone, and once the whole way, from the upload's answer to `ready`.
 */
export const bench: Bench = {
  name: 'video-ladder',
  claim: `a ladder made in chunks by ${WORKERS} workers takes no longer than by one ffmpeg with a split filter on all cores, and neither does the whole way of an upload`,
  goal: `wall-clock ratio <= ${GOAL.toFixed(1)}, CPU ratio <= ${CPU_GOAL}, alone and the whole way; wall <= ${APART_GOAL} of an ffmpeg for each rung`,
  run: measure,
}

async function measure(context: BenchContext): Promise<Figure> {
  const ffmpeg = context.tools['ffmpeg'] ?? 'ffmpeg'
  const ffprobe = context.tools['ffprobe'] ?? 'ffprobe'
  const [named = '-', wanted = `${ROUNDS}`] = context.args
  const clip = named === '-' ? await makeNaturalClip(ffmpeg, context.scratch, SECONDS) : named
  const enough = Number(wanted)
  const studio = createVideoStudio({ runner: inProcess, ffmpeg, ffprobe, scratch: join(context.scratch, 'studio'), limits })
  const { probe } = await studio.probe(clip, 'video/mp4')
  const plan = planVideo(admitted(probe), standard, { filter: null })
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

  const alone = await compared(context, enough, { ours: () => costOf(chunked), peers: () => costOf(split) })
  context.say(`the studio alone: ${alone.text}`)
  const shares: number[] = []
  for (let round = 0; round < APART_ROUNDS; round++) {
    const ours = await costOf(chunked)
    shares.push(ours.wallMs / (await costOf(apart)).wallMs)
  }
  const share = median(shares)
  context.say(`an ffmpeg for each rung: wall ${shares.map((value) => value.toFixed(3)).join(', ')} of it`)
  // Sound too is what one command can make; poster, storyboard, one MP4, playlists and storing are what it does not do.
  const withSound = async () => {
    const folder = join(context.scratch, 'sounding')
    await mkdir(folder, { recursive: true })
    const sound = ['-map', '0:a?', '-c:a', 'aac', '-b:a', `${standard.video.audioKbps}k`, '-ac', '2', 'sound.mp4']
    await run(ffmpeg, [...splitArguments(clip, plan), ...sound], { cwd: folder })
    return 1
  }
  const way = await startWholeWay(context, clip)
  const whole = await compared(context, enough, {
    ours: async () => ({ ...(await way.develop(clip)), bytes: 1 }),
    peers: () => costOf(withSound),
  }).finally(() => way.stop())
  context.say(`the whole way: ${whole.text}`)
  return {
    name: 'video-ladder',
    value: Number(whole.wall.toFixed(3)),
    unit: `ratio of wall-clock time the whole way (of CPU, engines included: ${whole.cpu.toFixed(3)}; the studio alone: wall ${alone.wall.toFixed(3)}, CPU ${alone.cpu.toFixed(3)}, of an ffmpeg for each rung: wall ${share.toFixed(3)})`,
    goal: `<= ${GOAL.toFixed(1)}, CPU <= ${CPU_GOAL}, wall <= ${APART_GOAL} of an ffmpeg for each rung`,
    peer: 'one ffmpeg, split filter, same rungs, rate control and GOPs, and sound for the whole way, threads as it chooses',
    holds: [alone, whole].every(({ wall, cpu }) => wall <= GOAL && !(cpu > CPU_GOAL)) && share <= APART_GOAL,
  }
}

/** Medians of the quietest of several comparisons. */
async function compared(
  context: BenchContext,
  enough: number,
  { ours, peers }: { readonly ours: () => Promise<Cost>; readonly peers: () => Promise<Cost> },
): Promise<{ readonly wall: number; readonly cpu: number; readonly text: string }> {
  const rounds: Round[] = []
  const isEnough = () => rounds.filter(({ othersShare }) => othersShare <= OTHERS_SHARE_MAX).length >= enough
  while (rounds.length < enough + ROUNDS_MORE && !isEnough()) {
    const before = await machineMs()
    // Each goes first in turn, so that a machine that slows down is unfair to neither.
    const oursFirst = rounds.length % 2 === 0
    const first = await (oursFirst ? ours : peers)()
    const second = await (oursFirst ? peers : ours)()
    const [our, peer] = oursFirst ? [first, second] : [second, first]
    const after = await machineMs()
    const othersShare = Math.max(0, (after.busy - before.busy - our.cpuMs - peer.cpuMs) / (after.all - before.all))
    const round = { wall: our.wallMs / peer.wallMs, cpu: our.cpuMs / peer.cpuMs, bytes: our.bytes / peer.bytes, othersShare }
    rounds.push(round)
    context.say(
      `round ${rounds.length}: ours ${seconds(our.wallMs)} s, split ${seconds(peer.wallMs)} s; wall ${round.wall.toFixed(3)}, CPU ${round.cpu.toFixed(3)}, bytes ${round.bytes.toFixed(3)}; others used ${(othersShare * 100).toFixed(0)}% of the machine`,
    )
  }
  const quietest = rounds.toSorted((a, b) => a.othersShare - b.othersShare).slice(0, enough)
  if (!isEnough())
    context.say('The machine was busy with other things: the wall clock says how it shares itself out, only the CPU ratio holds.')
  const wall = median(quietest.map((round) => round.wall))
  const cpu = median(quietest.map((round) => round.cpu))
  return { wall, cpu, text: `wall ${wall.toFixed(3)}, CPU ${cpu.toFixed(3)}, median of the ${quietest.length} quietest rounds` }
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

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
