import { createReadStream } from 'node:fs'
import { copiedKeyframes } from '../domain/copy-gate.ts'
import { MediaError } from '../domain/errors.ts'
import { frameOf } from '../domain/framing.ts'
import { admitVideo as admit, mayBegin, mayCopy, plannedAnew, planVideo } from '../domain/plan-video.ts'
import type { Limits } from '../domain/limits.ts'
import { remuxedKey } from '../domain/media.ts'
import type { CheckpointStore, MediaStore, ObjectStore, VideoStudio } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { VideoPlan, VideoProbe } from '../domain/plans.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { videoSteps } from './video-steps.ts'
import { withHeartbeat, type Beat } from './heartbeat.ts'
import { locateSource } from './original.ts'

export interface AdmitVideoDeps {
  readonly catalog: MediaStore & CheckpointStore
  readonly objects: ObjectStore
  readonly videos: VideoStudio
  readonly limits: Limits
}

/**
 * Decides from container and streams whether the clip may be encoded; private facts go to the catalog only.
 * What cannot be sought in is remuxed first, into an object beside the original that goes when the original goes.
 */
export function admitVideo(deps: AdmitVideoDeps) {
  const { catalog, objects, videos, limits } = deps
  return async (input: IngestInput): Promise<VideoProbe> =>
    await withHeartbeat(async (beat) => {
      await catalog.setStage(input.mediaId, 'admit')
      const source = await locateSource(objects, input.mediaId, {})
      const { probe: first, facts, seekable } = await videos.probe(source, input.sourceType)
      admit(first, limits)
      if (input.edits?.framing) frameOf(first, input.edits.framing)
      await videoSteps(catalog, input).finish('facts', facts)
      const probe = seekable ? first : await remuxed(deps, input, source, first, beat)
      admit(probe, limits)
      // Now that the length is known: a plan that cannot be made is refused here, and not in the workflow.
      const preset = presetNamed(input.preset)
      const sized = { ...probe, ...plannedAnew }
      const plan = planVideo(sized, preset, input)
      const admitted = await withKeyframes(deps, input, sized, plan)
      return {
        ...admitted,
        ...(mayBegin(plan, preset) ? { briefStart: true } : {}),
        ...(preset.video.byTitle ? { titleEffort: 'high' } : {}),
      }
    })
}

/** The probe, with what its packets tell where the picture might be copied. They are listed only then: that reads the whole file. */
async function withKeyframes(
  { objects, videos }: AdmitVideoDeps,
  input: IngestInput,
  probe: VideoProbe,
  plan: VideoPlan,
): Promise<VideoProbe> {
  const [top] = plan.rungs
  const isPlain = input.filter === null && input.edits === undefined
  if (!top || !mayCopy(probe, presetNamed(input.preset), { ...plan, isPlain })) return probe
  const packets = await videos.packets(await locateSource(objects, input.mediaId, probe), probe)
  const keyframes = copiedKeyframes(packets, probe, Math.round((plan.durationMs / 1000) * plan.fps), top)
  return keyframes ? { ...probe, keyframes } : probe
}

async function remuxed(
  { objects, videos }: AdmitVideoDeps,
  { mediaId, sourceType }: IngestInput,
  source: string,
  first: VideoProbe,
  { signal }: Beat,
): Promise<VideoProbe> {
  const deliver = async (file: string) => {
    await objects.put(remuxedKey(mediaId), createReadStream(file, { signal }))
  }
  const { type } = await videos.remux(source, sourceType, first, deliver, { signal })
  const { probe, seekable } = await videos.probe(await locateSource(objects, mediaId, { remuxed: true }), type)
  if (!seekable) throw new MediaError('MEDIA_CORRUPT', undefined, { facts: { remuxed: type } })
  return { ...probe, remuxed: true }
}
