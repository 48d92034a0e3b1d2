/** The page of an operator: volumes, with what their last scrubs found. */
export const VOLUMES_PATH = '/volumes'

/** The id of the photo whose page an address is, or null. */
export function photoIdOf(path: string): string | null {
  return /^\/photos\/([0-9a-hjkmnp-tv-z]{13})$/.exec(path)?.[1] ?? null
}
