import type { ListedPreset } from '../plans.ts'
import { standard } from './standard.ts'

/** The standard ladders, but a video's own picture as the top rung where players can take it as it is: no CPU, and no loss. */
export const copy: ListedPreset = {
  ...standard,
  name: 'copy',
  summary: "As standard, a video's own picture as the top rung where players can take it as it is: no CPU, and no loss.",
  video: { ...standard.video, copiesTop: true },
}
