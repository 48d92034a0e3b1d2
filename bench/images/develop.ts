import type { ImageSourceType, Preset } from '../../domain/plans.ts'
import type { EncodedFile, ImageStudio } from '../../domain/ports.ts'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { admitType, kindOf } from '../../domain/sniff.ts'
import { MediaError } from '../../domain/errors.ts'

/** The way of a picture without what stores it: type, header, plan, renditions. Throws what the pipeline would refuse with. */
export async function developBytes(studio: ImageStudio, bytes: Uint8Array, preset: Preset): Promise<readonly EncodedFile[]> {
  const type = typeOf(bytes)
  const plan = planImage(await studio.probe(bytes, type), preset, { filter: null, version: 1 })
  return (await studio.develop(bytes, plan, {})).files
}

/** MEDIA_TYPE_UNSUPPORTED, also for videos. */
export function typeOf(bytes: Uint8Array): ImageSourceType {
  const type = admitType(bytes.subarray(0, limits.sniffBytes), null)
  if (kindOf(type) === 'video') throw new MediaError('MEDIA_TYPE_UNSUPPORTED', 'This is a video.')
  return type as ImageSourceType
}
