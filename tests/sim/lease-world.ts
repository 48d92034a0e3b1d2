import { blobLimits } from '../../blobstore/blob-limits.ts'
import { type MemoryDirectory, memoryDirectory } from '../../blobstore/memory-directory.ts'
import { createObjectBackend } from '../../blobstore/object-backend.ts'
import { createObjectCare } from '../../blobstore/object-care.ts'
import { createPackedReader } from '../../blobstore/reader.ts'
import { createPackedStore } from '../../blobstore/store.ts'
import { MediaError } from '../../domain/errors.ts'
import type { Locator } from '../../domain/media.ts'
import type { BlobStore, ObjectStore } from '../../domain/ports.ts'
import type { VolumeDirectory } from '../../domain/volume-ports.ts'
import { createMemoryObjectStore } from '../../objects/memory.ts'
import type { Random } from './random.ts'
import { Violation } from './sim-check.ts'
import { simData } from './sim-model.ts'

const LEASE_MS = 30_000
const limits = blobLimits({ volumeBytesMax: 30_000, volumeRefreshMsMin: 0, tombstoneAgeMsMax: 0, volumeLeaseMs: LEASE_MS })
const WRITERS = 3

/** Time that passes only when it is told to, and those who wait for it. */
class Time {
  nowMs = 0
  #waiting: { readonly untilMs: number; readonly resolve: () => void }[] = []

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ untilMs: this.nowMs + ms, resolve }))
  }

  pass(ms: number): void {
    this.nowMs += ms
    const due = this.#waiting.filter(({ untilMs }) => untilMs <= this.nowMs)
    this.#waiting = this.#waiting.filter((one) => !due.includes(one))
    for (const { resolve } of due) resolve()
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0
  }
}

/**
 * Objects whose conditional puts look whether the key is free, and write later without looking again, so that racers
 * can all win, as on a server that keeps plain files. Some puts are held up for longer than any lease.
 */
function weakObjects(inner: ObjectStore, random: Random, time: Time): ObjectStore {
  return {
    ...inner,
    async put(key, body, options) {
      if (options?.ifNoneMatch && (await inner.head(key)) !== null) throw new MediaError('OBJECT_EXISTS')
      await time.wait(random.chance(0.15) ? random.below(3 * LEASE_MS) : random.below(200))
      const stored = await inner.put(key, body)
      await time.wait(random.chance(0.05) ? random.below(2 * LEASE_MS) : random.below(50))
      return stored
    },
  }
}

/** A directory whose leases seem to last for ever to those who hold them: the mistake that the simulation has to catch. */
function everlasting(directory: MemoryDirectory): VolumeDirectory {
  const forEver = <T extends object>(lease: T) => ({ ...lease, leaseMs: Number.POSITIVE_INFINITY })
  return {
    allot: async (writer) => forEver(await directory.allot(writer)),
    openOf: async (writer) => (await directory.openOf(writer)).map(forEver),
    renew: (lease) => directory.renew(lease),
    seal: (lease, bytes) => directory.seal(lease, bytes),
  }
}

/**
 * Writers that are held up at any moment, and one who seals, merges and collects what they leave. What was acknowledged
 * must be read at the end. Throws a {@link Violation} that names the seed; gives how many needles were acknowledged and
 * how many volumes were taken over.
 */
export async function leaseRaces(
  seed: number,
  random: Random,
  options: { readonly trustsLeases?: boolean } = {},
): Promise<{ readonly acknowledged: number; readonly taken: number }> {
  const time = new Time()
  const clock = { nowMs: () => time.nowMs, wait: (ms: number) => time.wait(ms), every: () => () => {} }
  const directory = memoryDirectory({ leaseMs: LEASE_MS, nowMs: clock.nowMs })
  const objects = weakObjects(createMemoryObjectStore(), random, time)
  const report = () => {}
  const backend = createObjectBackend({ objects, report })
  const care = createObjectCare({ objects, backend, directory, clock, report, name: 'care', graceMs: 1_000 })
  const acknowledged: { readonly key: bigint; readonly length: number; readonly locator: Locator }[] = []
  const running = new Set<Promise<unknown>>()
  let keys = 0n
  let taken = 0

  function run(work: Promise<unknown>): void {
    const tracked = work
      .catch((error: unknown) => {
        if (!(error instanceof MediaError)) throw error
      })
      .finally(() => running.delete(tracked))
    running.add(tracked)
  }

  async function turn(): Promise<void> {
    for (let ticks = 0; ticks < 4; ticks += 1) await new Promise((resolve) => setImmediate(resolve))
    time.pass(random.chance(0.1) ? random.below(LEASE_MS) : random.below(100))
  }

  async function finish(work: Promise<unknown>): Promise<void> {
    run(work)
    while (running.size > 0 || !time.isIdle) await turn()
  }

  async function put(store: BlobStore): Promise<void> {
    keys += 1n
    const [key, length] = [keys, random.below(3_000)]
    const [locator] = await store.append([{ key, alt: 1, data: simData(key, 1, length) }])
    if (locator !== undefined) acknowledged.push({ key, length, locator })
  }

  async function lookAfter(): Promise<void> {
    taken += (await care.sealAbandoned({})).length
    for (const { volume } of await directory.volumes({ states: ['sealed'], limit: 5 })) await care.merge(volume, {})
    await care.collectGarbage({})
  }

  const stores: BlobStore[] = []
  const open = options.trustsLeases ? everlasting(directory) : directory
  for (let index = 0; index < WRITERS; index += 1) {
    stores.push(await createPackedStore({ backend, directory: open, placements: directory, writer: `w${index}`, limits, clock, report }))
  }
  for (let step = 0; step < 60; step += 1) {
    if (random.chance(0.25)) run(lookAfter())
    else run(put(random.pick(stores)))
    await turn()
  }
  await finish(Promise.all(stores.map((store) => store.close())))
  time.pass(2 * LEASE_MS)
  for (let round = 0; round < 3; round += 1) await finish(lookAfter())
  const reader = createPackedReader({ backend, limits, clock })
  for (const { key, length, locator } of acknowledged) {
    const read = await reader.read(key, locator).catch((error: unknown) => error)
    const isRight = read instanceof Object && 'data' in read && Buffer.compare(read.data as Uint8Array, simData(key, 1, length)) === 0
    if (!isRight) throw new Violation(`seed ${seed}: needle ${key} in volume ${locator.volume} was acknowledged: ${String(read)}`)
  }
  return { acknowledged: acknowledged.length, taken }
}
