import { MediaError } from '../domain/errors.ts'

/** Of what somebody sent, so much is said back. */
const NAME_SHOWN_MAX = 40

/**
 * Refuses what would be passed over in silence: a parameter of another name than these, told with the nearest of them, and one
 * that is given twice, of which only one would count. PARAMETER_UNKNOWN, REQUEST_INVALID.
 */
export function refuseUnknownParameters(query: URLSearchParams, known: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of query.keys()) {
    if (!known.includes(name)) throw new MediaError('PARAMETER_UNKNOWN', sayUnknown(name, known))
    if (seen.has(name)) throw new MediaError('REQUEST_INVALID', `${name} is given more than once.`)
    seen.add(name)
  }
}

/** A number of the query, or what stands for it where it is not given. REQUEST_INVALID, which names the bounds. */
export function wholeNumber(
  query: URLSearchParams,
  name: string,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  const given = query.get(name)
  if (given === null) return fallback
  const number = /^[0-9]{1,16}$/.test(given) ? Number(given) : Number.NaN
  if (!(number >= min && number <= max)) throw new MediaError('REQUEST_INVALID', `${name} is a whole number from ${min} to ${max}.`)
  return number
}

/** For who has named something that there is not: what was meant, and all that there is. */
export function sayNone(what: string, value: string, names: readonly string[]): string {
  return `${sayMissing(what, value, names)}. There are: ${names.join(', ')}.`
}

function sayUnknown(name: string, known: readonly string[]): string {
  return `${sayMissing('parameter', name, known)}${known.length === 0 ? '; this address takes none' : ''}.`
}

function sayMissing(what: string, value: string, names: readonly string[]): string {
  const shown = value.slice(0, NAME_SHOWN_MAX)
  const nearest = nearestOf(shown.toLowerCase(), names)
  return `There is no ${what} ${JSON.stringify(shown)}${nearest === null ? '' : `; the nearest is ${nearest}`}`
}

/** The one that needs the fewest edits to be `name`; null where there is none at all. */
export function nearestOf(name: string, known: readonly string[]): string | null {
  const [nearest] = known.map((other) => ({ other, edits: editsBetween(name, other) })).toSorted((a, b) => a.edits - b.edits)
  return nearest?.other ?? null
}

/** Letters to put in, take out, replace or swap with their neighbour (optimal string alignment). */
export function editsBetween(one: string, other: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1]
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      current.push(
        Math.min(
          (last[column] as number) + 1,
          (current[column - 1] as number) + 1,
          (last[column - 1] as number) + (same ? 0 : 1),
          swapped ? (beforeLast[column - 2] as number) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    beforeLast = last
    last = current
  }
  return last[other.length] as number
}
