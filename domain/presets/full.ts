import type { ListedPreset } from '../plans.ts'
import { standard } from './standard.ts'

/** The standard ladders, and each photo in AVIF too: less than half of the bytes of JPEG, for about twice the CPU. */
export const full: ListedPreset = {
  ...standard,
  name: 'full',
  summary: "As standard, photos in AVIF too: less than half of JPEG's bytes, for about twice the CPU.",
  image: { ...standard.image, formats: [...standard.image.formats, { format: 'avif', quality: 50 }] },
}
