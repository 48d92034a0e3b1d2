import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { processes } from './processes.ts'

/** Ids of the ffmpegs that encode in a data folder's scratch (Linux). */
export async function encodersOf(home: string): Promise<number[]> {
  const scratch = join(home, 'scratch')
  const ours = processes().filter(({ command }) => /\bffmpeg /.test(command))
  const places = await Promise.all(ours.map(async ({ pid }) => await readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return ours.filter((_, at) => places[at]?.startsWith(scratch)).map(({ pid }) => pid)
}

/** What lies in a data folder's scratch. */
export async function leftInScratch(home: string): Promise<string[]> {
  const names: string[] = await readdir(join(home, 'scratch')).catch(() => [])
  return names.toSorted()
}

/** Polls until `look` gives something; what is looked at tells nobody of its changes. */
export async function until<T>(look: () => Promise<T | null>, msMax: number): Promise<T | null> {
  const end = performance.now() + msMax
  for (;;) {
    const seen = await look()
    if (seen !== null || performance.now() > end) return seen
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** DARKROOM_TOOLS without Kafka's: a start without it is a quicker one. */
export function withoutKafka(tools: Readonly<Record<string, unknown>>): Record<string, string> {
  return { DARKROOM_TOOLS: JSON.stringify({ ...tools, java: undefined, kafkaLib: undefined }) }
}
