import type { Preset } from '../plans.ts'
import { standard } from './standard.ts'

/** The standard ladders, but a video's own picture as the top rung where players can take it as it is: no CPU, and no loss. */
export const copy: Preset = { ...standard, name: 'copy', video: { ...standard.video, copiesTop: true } }
