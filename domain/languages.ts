/** Languages by their BCP 47 tags. */

/** A language's name in English, fit for a quoted string of a playlist; null for `und` and for what nobody knows. */
export function languageName(tag: string): string | null {
  if (tag === 'und') return null
  const name = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' }).of(tag)
  return name?.replaceAll(/["\r\n]/g, '') ?? null
}
