/** Keys of the object blob store. Ten digits: keys sort as their sequences do. */
export function packKey(volume: number, sequence: number): string {
  return `volumes/${volume}/${digits(sequence)}`
}

export function tombstoneKey(volume: number, sequence: number): string {
  return `tombstones/${volume}/${digits(sequence)}`
}

/** The sequence that a key of either kind ends in, or null for a key that is none of ours. */
export function sequenceOf(key: string): number | null {
  const found = /\/([0-9]{10})$/.exec(key)
  return found?.[1] === undefined ? null : Number(found[1])
}

function digits(sequence: number): string {
  return String(sequence).padStart(10, '0')
}
