import type { ListedPreset } from '../plans.ts'
import { standard } from './standard.ts'

/** The standard ladders, and each photo's files say who made it and whose it is, where the upload says so. */
export const credited: ListedPreset = {
  ...standard,
  name: 'credited',
  summary: "As standard, each photo's files say who made it and whose it is, where the upload says so.",
  image: { ...standard.image, keepsCopyright: true },
}
