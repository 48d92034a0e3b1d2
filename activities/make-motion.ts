import { altOf, altPlaces } from '../domain/alt.ts'
import { isRetryable, MediaError } from '../domain/errors.ts'
import type { Limits } from '../domain/limits.ts'
import { originalKey, remuxedKey } from '../domain/media.ts'
import { orientedSize } from '../domain/plan-image.ts'
import { motionOf, planClip, planLoop } from '../domain/plan-motion.ts'
import type { ByteSpan, ImageProbe, VideoPlan } from '../domain/plans.ts'
import type { ImageStudio } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { loadDraft, must, saveDraft, storeFiles } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource, readOriginal } from './original.ts'

const NAME = 'motion.mp4'

export type MotionDeps = EncodeDeps & { readonly images: ImageStudio; readonly limits: Pick<Limits, 'clipDurationMsMax'> }

/** What an encoder is given. */
interface Source {
  readonly from: string | ((file: string) => Promise<void>)
  readonly plan: VideoPlan
}

/**
 * What moves of a picture as one MP4, put into the draft that its stills have left; nothing twice. An animation that
 * cannot be decoded is refused as a whole; a photo whose clip cannot is shown without it, and the code says why.
 */
export function makeMotion(deps: MotionDeps) {
  const { catalog, objects, blobs, videos } = deps
  return async (input: IngestInput, probe: ImageProbe): Promise<{ bytes: number; leftOut?: string }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const draft = await loadDraft(catalog, input)
      const done = draft.manifest.renditions.find(({ name }) => name === draft.manifest.motion?.name)
      if (done) return { bytes: done.bytes }
      try {
        const { from, plan } = probe.clip ? await clipOf(deps, input, probe, probe.clip) : await framesOf(deps, input, probe, signal)
        const { width, height } = must(plan.rungs[0])
        const onProgress = (fraction: number) => report({ percent: Math.round(fraction * 100) })
        const data = await videos.clip(from, plan, { signal, onProgress })
        const file = { name: NAME, type: 'video/mp4', width, height, alt: altOf(input.version, altPlaces.motion), data }
        const [rendition] = await storeFiles(blobs, input, [file])
        const stills = draft.manifest.renditions
        const poster = stills.find(({ type }) => type === 'image/jpeg') ?? must(stills[0])
        const moving = { renditions: [...stills, must(rendition)], poster: poster.name, motion: motionOf(probe, plan, NAME) }
        await saveDraft(catalog, input, { ...draft, manifest: { ...draft.manifest, ...moving } })
        return { bytes: data.byteLength }
      } catch (error) {
        if (!probe.clip || !(error instanceof MediaError) || isRetryable(error)) throw error
        const losses = [...new Set([...(draft.manifest.losses ?? []), 'clip' as const])]
        await saveDraft(catalog, input, { ...draft, manifest: { ...draft.manifest, losses } })
        return { bytes: 0, leftOut: error.code }
      } finally {
        if (probe.clip) await objects.delete(remuxedKey(input.mediaId)).catch(() => undefined)
      }
    })
}

/** An animation's frames: in the upload, or in a file into which a decoder unrolls them. */
async function framesOf({ objects, images }: MotionDeps, input: IngestInput, probe: ImageProbe, signal: AbortSignal): Promise<Source> {
  const plan = planLoop(probe, presetNamed(input.preset), input)
  if (plan.frames !== 'raw') return { from: await locateSource(objects, input.mediaId, {}), plan }
  const bytes = await readOriginal(objects, input.mediaId)
  return { from: async (file) => await images.unroll(bytes, file, { signal }), plan }
}

/** The clip behind a photo, laid beside the original for as long as it is worked from. */
async function clipOf({ objects, videos, limits }: MotionDeps, input: IngestInput, photo: ImageProbe, clip: ByteSpan): Promise<Source> {
  const { body } = await objects.get(originalKey(input.mediaId), { start: clip.start, end: clip.end - 1 })
  await objects.put(remuxedKey(input.mediaId), body)
  const from = await locateSource(objects, input.mediaId, { remuxed: true })
  const { probe, seekable } = await videos.probe(from, 'video/quicktime')
  if (!seekable) throw new MediaError('MEDIA_CORRUPT')
  if (probe.durationMs > limits.clipDurationMsMax) throw new MediaError('MEDIA_TOO_LONG')
  return { from, plan: planClip(probe, orientedSize(photo), presetNamed(input.preset), input) }
}
