import { changesColours } from './edits.ts'
import type { PlannedRung, Preset, VideoPlan } from './plans.ts'

/** What is decided from beside the H.264 ladder. */
type Source = Pick<VideoPlan, 'colour' | 'filter' | 'edits' | 'frame' | 'alpha'>

/**
 * The ladder with the rungs in newer codecs that the preset asks for, behind all others, since every player can show
 * those. HDR is kept in a rung where the preset wants it and the source has it; not where its colours are changed
 * or only a part is shown, which is done in SDR.
 */
export function withNewerCodecs(ladder: readonly PlannedRung[], wanted: Preset['video']['newer'], source: Source): PlannedRung[] {
  const hdr = source.colour === 'pq' || source.colour === 'hlg' ? source.colour : null
  const plain = !changesColours(source) && source.edits === undefined && source.frame === undefined && source.alpha === undefined
  const more = (wanted ?? []).flatMap(({ codec, shortSideMin, crfMore, rateShare, keepsHdr }) =>
    ladder
      .filter(({ width, height }) => Math.min(width, height) >= shortSideMin)
      .map((rung) => ({
        ...rung,
        name: `${rung.name}-${codec}`,
        codec,
        crf: rung.crf + crfMore,
        maxKbps: Math.round(rung.maxKbps * rateShare),
        ...(keepsHdr && hdr && plain ? { range: hdr } : {}),
      })),
  )
  return [...ladder, ...more].map((rung, index) => ({ ...rung, index }))
}
