import { readFile } from 'node:fs/promises'

/** User and system time of the children that have ended: fields 16 and 17 of proc(5)'s stat, in ticks of 10 ms. */
export async function childCpuMs(): Promise<number> {
  const text = await readFile('/proc/self/stat', 'utf8').catch(() => null)
  if (text === null) return Number.NaN
  // The name, field 2, may hold blanks and ends with the last parenthesis.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

/** Milliseconds of CPU that children take which begin and end within `work`. */
export async function childCpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = await childCpuMs()
  await work()
  return (await childCpuMs()) - before
}
