import type { PlannedRung, Preset, VideoPlan } from './plans.ts'

/**
 * The rung that is also given out as one MP4 file: the largest that the preset allows, since such a player
 * cannot change to another one; the least where all are larger. Null where the preset wants no such file.
 */
export function mp4Rung({ rungs }: Pick<VideoPlan, 'rungs'>, { video: { mp4ShortSideMax } }: Preset): PlannedRung | null {
  if (mp4ShortSideMax === undefined) return null
  const known = rungs.filter(({ codec }) => codec === undefined)
  const fits = known.find(({ width, height }) => Math.min(width, height) <= mp4ShortSideMax)
  return fits ?? known.at(-1) ?? null
}
