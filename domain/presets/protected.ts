import type { Preset } from '../plans.ts'
import { standard } from './standard.ts'

const { mp4ShortSideMax: _, ...video } = standard.video

/** The standard ladders; videos encrypted, to be played through addresses that are signed and end. */
export const protectedPreset: Preset = { ...standard, name: 'protected', video: { ...video, encryption: 'aes-128' } }
