/**
 * Keys of the object blob store. Ten digits: keys sort as their sequences do. A volume's superblock is pack 0. A
 * generation is a whole volume rewritten: its bytes, and its index, which is put last and makes it count for readers.
 */
export function packKey(volume: number, sequence: number): string {
  return `volumes/${volume}/${digits(sequence)}`
}

export function generationKey(volume: number, generation: number): string {
  return `volumes/${volume}/m${digits(generation)}`
}

export function indexKey(volume: number, generation: number): string {
  return `${indexPrefix(volume)}${digits(generation)}`
}

export function indexPrefix(volume: number): string {
  return `volumes/${volume}/i`
}

export function tombstoneKey(volume: number, sequence: number): string {
  return `tombstones/${volume}/${digits(sequence)}`
}

/** The sequence that the key of a pack or of tombstones ends in, or null for any other key. */
export function sequenceOf(key: string): number | null {
  return numberAfter(/\/([0-9]{10})$/, key)
}

export function generationOf(key: string): number | null {
  return numberAfter(/\/i([0-9]{10})$/, key)
}

function numberAfter(pattern: RegExp, key: string): number | null {
  const found = pattern.exec(key)
  return found?.[1] === undefined ? null : Number(found[1])
}

function digits(sequence: number): string {
  return String(sequence).padStart(10, '0')
}
