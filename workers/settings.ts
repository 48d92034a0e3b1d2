/**
 * Readers of settings: each takes the environment once, at the door, and refuses a wrong value with a
 * sentence that names it.
 */
export type Environment = Readonly<Record<string, string | undefined>>

/** A wrong setting: its message is meant for the person who set it, no stack needed. */
export class SettingError extends Error {}

export function text(env: Environment, name: string, fallback: string): string {
  const value = env[name]
  return value === undefined || value === '' ? fallback : value
}

export function optional(env: Environment, name: string): string | undefined {
  return env[name] || undefined
}

export function required(env: Environment, name: string): string {
  const value = env[name]
  if (!value) throw new SettingError(`${name} is not set: this process needs it.`)
  return value
}

/** A whole number within bounds. */
export function whole(env: Environment, name: string, { min, max, fallback }: { min: number; max: number; fallback: number }): number {
  return wholeNumber(name, env[name], { min, max, fallback })
}

export function wholeNumber(
  name: string,
  value: string | undefined,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  if (value === undefined || value === '') return fallback
  const number = Number(value)
  if (!Number.isInteger(number) || number < min || number > max) {
    throw new SettingError(`${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}.`)
  }
  return number
}

/** An http(s) base URL without a trailing slash. */
export function baseUrl(env: Environment, name: string, fallback: string): string {
  const value = env[name] || fallback
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new SettingError(`${name} must be an http or https URL, not ${JSON.stringify(value)}.`)
  }
  return value.replace(/\/+$/, '')
}

/** A base URL that addresses of files follow at its root: those in playlists and redirects begin there too. */
export function hostUrl(env: Environment, name: string, fallback: string): string {
  const value = baseUrl(env, name, fallback)
  const { pathname, search, hash, username, password } = new URL(value)
  const rest = [pathname.slice(1), search, hash, username, password].find((part) => part !== '')
  if (rest !== undefined) {
    throw new SettingError(`${name} must be the URL of a host alone, such as https://media.example, not ${JSON.stringify(value)}.`)
  }
  return value
}

/** One of a few words; the first when unset. */
export function choice<T extends string>(env: Environment, name: string, words: readonly [T, ...T[]]): T {
  const value = text(env, name, words[0])
  const word = words.find((one) => one === value)
  if (word === undefined) throw new SettingError(`${name} must be ${words.join(' or ')}, not ${JSON.stringify(value)}.`)
  return word
}

/** A comma-separated list; empty when unset. */
export function list(env: Environment, name: string): string[] {
  return (env[name] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** {@link hostUrl} of each in a comma-separated list. */
export function hostUrls(env: Environment, name: string): string[] {
  return list(env, name).map((item) => hostUrl({ [name]: item }, name, item))
}
