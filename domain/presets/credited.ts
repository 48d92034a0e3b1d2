import type { Preset } from '../plans.ts'
import { standard } from './standard.ts'

// A gain map needs the place where rights are written for itself.
const { gainMap: _, ...image } = standard.image

/** The standard ladders, and each photo's files say who made it and whose it is, where the upload says so; without gain maps. */
export const credited: Preset = { ...standard, name: 'credited', image: { ...image, keepsCopyright: true } }
