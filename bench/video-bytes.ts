import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { Preset } from '../domain/plans.ts'
import { standard } from '../domain/presets/standard.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import type { Bench, BenchContext, Figure } from './types.ts'
import { admitted, opened } from './video/clips.ts'

const run = promisify(execFile)
const GOAL = 1.01
const SECONDS = 24
const WHOLE_SECONDS = 100_000

/** `npm run bench -- video-bytes [CLIP]`: a clip of one's own, or the sample clip, once as it is and once so busy that its rungs reach their caps. */
export const bench: Bench = {
  name: 'video-bytes',
  claim: 'a ladder made in chunks has no more bytes than one made whole with the same settings, also where the rates are capped',
  goal: `bytes <= ${GOAL} of the whole encode's, for each clip`,
  run: measure,
}

async function measure(context: BenchContext): Promise<Figure> {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = context.tools
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(context.scratch, 'studio'), limits })
  const bytesOf = async (clip: string, isWhole: boolean) => {
    const { source, probe } = await opened(studio, clip, join(context.scratch, 'remuxed'))
    const preset: Preset = isWhole ? { ...standard, video: { ...standard.video, chunkSeconds: WHOLE_SECONDS } } : standard
    const plan = planVideo(isWhole ? probe : admitted(probe), preset, { filter: null })
    const bytes = plan.rungs.map(() => 0)
    for (const chunk of plan.chunks)
      for (const { rung, segments } of await studio.encodeChunk(source, plan, chunk, {}))
        bytes[rung] = (bytes[rung] ?? 0) + segments.reduce((sum, { data }) => sum + data.byteLength, 0)
    return { bytes, kbps: bytes.map((size) => Math.round((size * 8) / plan.durationMs)), names: plan.rungs.map(({ name }) => name) }
  }
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const ratios: number[] = []
  for (const clip of await clips(context, ffmpeg)) {
    const whole = await bytesOf(clip, true)
    const chunked = await bytesOf(clip, false)
    ratios.push(sum(chunked.bytes) / sum(whole.bytes))
    const rungs = whole.names.map(
      (name, at) => `${name} ${((chunked.bytes[at] ?? 0) / (whole.bytes[at] ?? 1)).toFixed(3)} (${whole.kbps[at]} kbit/s)`,
    )
    context.say(`${ratios.at(-1)?.toFixed(4)}: ${rungs.join(', ')}`)
  }
  const value = Math.max(...ratios)
  return {
    name: 'video-bytes',
    value: Number(value.toFixed(4)),
    unit: "bytes of the chunks / bytes of the whole encode, the worst clip's",
    goal: `<= ${GOAL}`,
    peer: 'the same command over the whole source at once',
    holds: value <= GOAL,
  }
}

async function clips({ args, scratch }: BenchContext, ffmpeg: string): Promise<string[]> {
  if (args[0] !== undefined) return [args[0]]
  const calm = await makeSampleClip({ ffmpeg, target: join(scratch, 'calm.mp4'), seconds: SECONDS, width: 854, height: 480 })
  const busy = join(scratch, 'busy.mp4')
  const noise = ['-vf', 'noise=alls=24:allf=t', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-c:a', 'copy']
  await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', '-i', calm, ...noise, busy])
  return [calm, busy]
}
