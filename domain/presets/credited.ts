import type { Preset } from '../plans.ts'
import { standard } from './standard.ts'

/** The standard ladders, and each photo's files say who made it and whose it is, where the upload says so. */
export const credited: Preset = { ...standard, name: 'credited', image: { ...standard.image, keepsCopyright: true } }
