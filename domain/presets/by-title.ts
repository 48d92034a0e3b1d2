import type { ListedPreset } from '../plans.ts'
import { standard } from './standard.ts'

/** The standard ladders, videos with rungs and rate factors of their own for each title: fewer bytes, for about three times the CPU. */
export const byTitle: ListedPreset = {
  ...standard,
  name: 'by-title',
  summary: "As standard, a video's rungs and rates chosen by trials on samples of it: fewer bytes, for about three times the CPU.",
  video: { ...standard.video, byTitle: true },
}
