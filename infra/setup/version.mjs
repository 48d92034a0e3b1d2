// Versions as programs print them, read leniently and compared number by number.

/** The first dotted number of `text` after `before` (a string that must stand in front), or undefined. */
export function versionIn(text, before = '') {
  const start = before === '' ? 0 : text.indexOf(before)
  if (start < 0) return undefined
  return /\d+(?:\.\d+)*/.exec(text.slice(start + before.length))?.[0]
}

export function majorOf(version) {
  return version === undefined ? undefined : Number.parseInt(version, 10)
}

/** Negative, zero or positive, as `a` is older than, equal to or newer than `b`. */
export function compareVersions(a, b) {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Java 8 and older call themselves 1.8: the second number is then the major one. */
export function javaMajorIn(text) {
  const version = versionIn(text, 'version "')
  if (version === undefined) return undefined
  const [first, second] = version.split('.').map(Number)
  return first === 1 ? second : first
}
