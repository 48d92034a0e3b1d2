import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { compactVolume } from '../blobstore/compact.ts'
import { createFileBlobReader, createFileBlobStore } from '../blobstore/file.ts'
import { systemClock } from '../blobstore/refresher.ts'
import { scrubVolume } from '../blobstore/scrub.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import type { Locator } from '../domain/media.ts'
import { median } from './median.ts'
import type { Bench } from './types.ts'

const GOAL = 1.5
const DATA_BYTES = 64 * 1024
const NEEDLES = 1_000
const WINDOW_MS = 1_000
const ROUNDS = 9
/** As many as the connections that `blob-weed` has. */
const READERS = 16
/** What compaction and scrub are held to, as in production beside a server at work. */
const BYTES_PER_SECOND_MAX = 20 * 1024 ** 2
/** Durable appends of 64 KiB each second: commits, and so syncs, without end. */
const APPEND_EVERY_MS = 10

type Load = (signal: AbortSignal) => Promise<void>

/** Arguments: rounds, milliseconds of each window. */
export const bench: Bench = {
  name: 'blob-tail',
  claim: 'Reads keep their tail while commits sync, a volume is compacted and a volume is scrubbed',
  goal: `p99 of reads at most ${GOAL} times that of an idle store (worst of three loads, median of ${ROUNDS} rounds)`,
  async run({ scratch, args, say }) {
    const rounds = Number(args[0] ?? ROUNDS)
    const windowMs = Number(args[1] ?? WINDOW_MS)
    const folder = join(scratch, 'volumes')
    const filler = await createFileBlobStore({ folder, writer: 'fill' })
    const locators: Locator[] = []
    const data = new Uint8Array(randomBytes(DATA_BYTES))
    for (let key = 0; key < NEEDLES; key += 1) locators.push(...(await filler.append([{ key: BigInt(key), alt: 0, data }])))
    await filler.close()
    const reader = createFileBlobReader({ folder })
    const store = await createFileBlobStore({ folder, writer: 'bench' })
    const disk = createSystemDisk({ directReads: false })
    const at = { disk, folder, volume: locators[0]?.volume ?? 1 }
    const walk = (signal: AbortSignal) => ({ signal, clock: systemClock, bytesPerSecondMax: BYTES_PER_SECOND_MAX })
    let nextKey = BigInt(NEEDLES)
    const loads: Readonly<Record<string, Load>> = {
      'commits that sync': async (signal) => {
        while (!signal.aborted) {
          nextKey += 1n
          await store.append([{ key: nextKey, alt: 0, data }])
          await systemClock.wait(APPEND_EVERY_MS)
        }
      },
      compaction: async (signal) => {
        while (!signal.aborted) await compactVolume(at, walk(signal))
      },
      scrub: async (signal) => {
        while (!signal.aborted) await scrubVolume(at, walk(signal))
      },
    }
    const read = async () => {
      const key = randomInt(NEEDLES)
      // As an origin reads. A copy for each would make the collector run thirty times a second, whose pauses would hide all others.
      const { release } = await reader.read(BigInt(key), locators[key] as Locator, { lend: true })
      release?.()
    }
    const ratios = new Map(Object.keys(loads).map((name) => [name, [] as number[]]))
    try {
      await p99Of(read, windowMs)
      for (let round = 0; round < rounds; round += 1) {
        for (const [name, load] of Object.entries(loads)) {
          const idleMs = await p99Of(read, windowMs)
          const stop = new AbortController()
          const loading = load(stop.signal).catch((error: unknown) => {
            if (!stop.signal.aborted) throw error
          })
          const loadedMs = await p99Of(read, windowMs)
          stop.abort()
          await loading
          ratios.get(name)?.push(loadedMs / idleMs)
          say(`round ${round + 1}, ${name}: p99 ${loadedMs.toFixed(3)} ms, idle ${idleMs.toFixed(3)} ms`)
        }
      }
    } finally {
      await reader.close()
      await store.close()
      await disk.close()
    }
    const medians = [...ratios].map(([name, values]) => [name, median(values)] as const)
    for (const [name, value] of medians) say(`${name}: ${value.toFixed(2)} of idle`)
    const worst = Math.max(...medians.map(([, value]) => value))
    return {
      name: 'p99 of reads under load against idle, the worst load',
      value: Number(worst.toFixed(3)),
      unit: 'ratio',
      goal: `<= ${GOAL}`,
      peer: 'the same store, idle, in the window before',
      holds: worst <= GOAL,
    }
  },
}

/** Of single reads by a few readers at once, milliseconds. */
async function p99Of(read: () => Promise<void>, windowMs: number): Promise<number> {
  const times: number[] = []
  const untilMs = performance.now() + windowMs
  await Promise.all(
    Array.from({ length: READERS }, async () => {
      for (let startedMs = performance.now(); startedMs < untilMs; ) {
        await read()
        const endedMs = performance.now()
        times.push(endedMs - startedMs)
        startedMs = endedMs
      }
    }),
  )
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0
}
