import type { ListedPreset } from '../plans.ts'
import { standard } from './standard.ts'

const { mp4ShortSideMax: _, ...video } = standard.video

/** The standard ladders; videos encrypted, to be played through addresses that are signed and end. */
export const protectedPreset: ListedPreset = {
  ...standard,
  name: 'protected',
  summary: 'As standard, videos as HLS alone, encrypted, played through addresses that are signed and end.',
  video: { ...video, encryption: 'aes-128' },
}
