import { join } from 'node:path'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import { standard } from '../domain/presets/standard.ts'
import { planStoryboard } from '../domain/storyboard.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { inProcess } from '../media/video/runner.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import { childCpuOf } from './child-cpu.ts'
import type { Bench, BenchContext, Figure } from './types.ts'

const SHARE_MAX = 0.05
const SECONDS = 36

/** `npm run bench -- video-extras [CLIP]`: a clip of one's own, or the sample clip of 36 s at 720p. */
export const bench: Bench = {
  name: 'video-extras',
  claim: 'poster, storyboard and the measuring of loudness cost next to nothing beside the ladder',
  goal: `share of the ladder's CPU <= ${SHARE_MAX}`,
  run: measure,
}

async function measure({ tools, scratch, args, say }: BenchContext): Promise<Figure> {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = tools
  const clip = args[0] ?? (await makeSampleClip({ ffmpeg, target: join(scratch, 'clip.mp4'), seconds: SECONDS }))
  const studio = createVideoStudio({ runner: inProcess, ffmpeg, ffprobe, scratch: join(scratch, 'studio'), limits })
  const { probe } = await studio.probe(clip, 'video/mp4')
  const plan = planVideo(probe, standard, { filter: null })
  const poster = await childCpuOf(() => studio.poster(clip, plan, {}))
  const storyboard = await childCpuOf(() => studio.storyboard(clip, plan, planStoryboard(plan), {}))
  const loudness = plan.audio ? await childCpuOf(() => studio.measureLoudness(clip, plan, {})) : 0
  const ladder = await childCpuOf(async () => {
    for (const chunk of plan.chunks) await studio.encodeChunk(clip, plan, chunk, {})
  })
  say(`CPU: poster ${poster} ms, storyboard ${storyboard} ms, loudness ${loudness} ms, ladder ${ladder} ms`)
  const value = (poster + storyboard + loudness) / ladder
  return {
    name: 'video-extras',
    value: Number(value.toFixed(4)),
    unit: "share of the ladder's CPU",
    goal: `<= ${SHARE_MAX}`,
    peer: 'the whole ladder of the same clip, of ffmpeg’s children alone',
    holds: value <= SHARE_MAX,
  }
}
