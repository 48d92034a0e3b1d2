import type { Appearance, PrivateFacts } from '../../domain/media.ts'
import type { SeenFingerprint } from '../../domain/fingerprint.ts'
import type { Loss } from '../../domain/losses.ts'
import type { ImagePlan, SourceType } from '../../domain/plans.ts'
import { saysMadeWithAi } from '../metadata/ai-marks.ts'
import { appearanceOf } from './appearance.ts'
import type { DecodeLimits } from './examine.ts'
import { fingerprintOf } from './fingerprint.ts'
import { lossesOf } from './losses.ts'
import { createRenderer, type Rendering } from './render.ts'

/** The files of a plan, and all that is told of the picture. */
export interface Development extends Rendering {
  readonly blurhash: string
  readonly appearance: Appearance
  readonly fingerprint: SeenFingerprint
  readonly facts: PrivateFacts
  readonly losses: readonly Loss[]
}

/** Makes developers: a renderer's files, and from the same pixels what is told of the picture. `beforeDecode` as there. */
export function createDeveloper(limits: DecodeLimits, beforeDecode?: (type: SourceType) => void) {
  return developerOf(createRenderer(limits, beforeDecode))
}

/** The same from a renderer that there is already. */
export function developerOf(render: ReturnType<typeof createRenderer>) {
  return async function develop(bytes: Uint8Array, plan: ImagePlan, onRendition: (done: number) => void): Promise<Development> {
    // Of what is shown, but as it was before a filter: whoever filters another's picture has not made another one.
    const { files, encodeMs, seen } = await render(bytes, plan, onRendition, fingerprintOf)
    const { fingerprint, header, read, rights } = seen
    if (!fingerprint) throw new Error('a picture was rendered and not looked at')
    const facts = {
      ...read,
      ...rights,
      orientation: header.probe.orientation,
      ...(saysMadeWithAi(bytes) ? ({ madeWithAi: true } as const) : {}),
    }
    const { blurhash, ...appearance } = await appearanceOf(seen.smallest)
    return { files, encodeMs, blurhash, appearance, fingerprint, facts, losses: lossesOf(header, seen) }
  }
}
