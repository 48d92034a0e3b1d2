import { MediaError } from '../errors.ts'
import type { ListedPreset } from '../plans.ts'
import { auto } from './auto.ts'
import { byTitle } from './by-title.ts'
import { copy } from './copy.ts'
import { credited } from './credited.ts'
import { full } from './full.ts'
import { modern } from './modern.ts'
import { protectedPreset } from './protected.ts'
import { standard } from './standard.ts'

/** Every preset; a new one is one file and one line here. */
export const presets: readonly ListedPreset[] = [standard, full, auto, byTitle, credited, modern, copy, protectedPreset]

/** The preset of a name; PRESET_UNKNOWN. */
export function presetNamed(name: string): ListedPreset {
  const preset = presets.find((candidate) => candidate.name === name)
  if (!preset)
    throw new MediaError(
      'PRESET_UNKNOWN',
      `There is no preset ${JSON.stringify(name)}; there are: ${presets.map((known) => known.name).join(', ')}.`,
    )
  return preset
}
