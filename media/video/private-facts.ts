import type { PrivateFacts } from '../../domain/media.ts'

type Tags = Readonly<Record<string, string>>

/** Keys that cameras use, in the order in which they are believed. */
const keys = {
  takenAt: ['com.apple.quicktime.creationdate', 'creation_time', 'date'],
  location: ['com.apple.quicktime.location.iso6709', 'location', 'location-eng', 'xyz'],
  make: ['com.apple.quicktime.make', 'make', 'com.android.manufacturer'],
  model: ['com.apple.quicktime.model', 'model', 'com.android.model'],
  software: ['com.apple.quicktime.software', 'software', 'com.android.version'],
} as const
const TEXT_CHARACTERS_MAX = 200

/** What a video's tags tell of time, place and camera; the later tables fill in what the earlier lack. */
export function privateFacts(...tables: readonly Tags[]): PrivateFacts {
  const tags = new Map<string, string>()
  for (const table of tables) {
    for (const [key, value] of Object.entries(table)) {
      const name = key.toLowerCase()
      if (!tags.has(name) && typeof value === 'string' && value.trim() !== '') tags.set(name, value.trim())
    }
  }
  const first = (names: readonly string[]) => names.map((name) => tags.get(name)).find((value) => value !== undefined)
  const takenAt = timeOf(first(keys.takenAt))
  const place = placeOf(first(keys.location))
  const camera = [first(keys.make), first(keys.model)].filter((part) => part !== undefined).join(' ')
  const software = first(keys.software)
  return {
    ...(takenAt === undefined ? {} : { takenAt }),
    ...(camera === '' ? {} : { camera: camera.slice(0, TEXT_CHARACTERS_MAX) }),
    ...place,
    ...(software === undefined ? {} : { software: software.slice(0, TEXT_CHARACTERS_MAX) }),
  }
}

/** ISO 8601 in UTC. QuickTime's zero (1904) and its neighbourhood mean that the camera had no clock. */
function timeOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) || ms < Date.UTC(1971) ? undefined : new Date(ms).toISOString()
}

/** ISO 6709 annex H in decimal degrees: `+27.5916+086.5640+8850/`. */
function placeOf(text: string | undefined): Pick<PrivateFacts, 'latitude' | 'longitude'> {
  const match = /^([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)/.exec(text ?? '')
  const latitude = Number(match?.[1])
  const longitude = Number(match?.[2])
  return match && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : {}
}
