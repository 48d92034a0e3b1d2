import type { ListedPreset } from '../plans.ts'
import { standard } from './standard.ts'

/** The standard ladders, each photo's file at the lowest quality that keeps its structure: fewer bytes at the same worst case, for more CPU. */
export const auto: ListedPreset = {
  ...standard,
  name: 'auto',
  summary: "As standard, each photo's file at the lowest quality that keeps its structure: fewer bytes, for more CPU.",
  image: {
    ...standard.image,
    formats: [
      { format: 'jpeg', quality: 70, ssim: 0.945 },
      { format: 'webp', quality: 75, ssim: 0.935 },
    ],
  },
}
