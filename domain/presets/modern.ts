import type { ListedPreset } from '../plans.ts'
import { standard } from './standard.ts'

/** The standard ladders, and the larger rungs of a video in HEVC, with HDR where it comes in, and in AV1 too: fewer bytes for several times the CPU. */
export const modern: ListedPreset = {
  ...standard,
  name: 'modern',
  summary:
    "As standard, a video's larger rungs in HEVC, with HDR where it comes in, and in AV1 too: fewer bytes, for several times the CPU.",
  video: {
    ...standard.video,
    newer: [
      { codec: 'hevc', shortSideMin: 720, crfMore: 3, rateShare: 0.7, keepsHdr: true },
      { codec: 'av1', shortSideMin: 480, crfMore: 12, rateShare: 0.6 },
    ],
  },
}
