import { blobLimits } from '../../blobstore/blob-limits.ts'
import { type MemoryDirectory, memoryDirectory } from '../../blobstore/memory-directory.ts'
import { createObjectBackend } from '../../blobstore/object-backend.ts'
import { createObjectCare } from '../../blobstore/object-care.ts'
import { packKey } from '../../blobstore/object-names.ts'
import { createPackedReader } from '../../blobstore/reader.ts'
import { createPackedStore } from '../../blobstore/store.ts'
import { MediaError } from '../../domain/errors.ts'
import { limits as care } from '../../domain/limits.ts'
import type { BlobStore, ObjectStore } from '../../domain/ports.ts'
import type { VolumeHost } from '../../domain/volume-ports.ts'
import { type Change, FaultObjects, type ObjectsState } from './fault-objects.ts'
import { Random } from './random.ts'
import { outcomeOf, Violation } from './sim-check.ts'
import { SimModel, type SimMoment, simData } from './sim-model.ts'

const LEASE_MS = 30_000
const GRACE_MS = 1_000
const limits = blobLimits({
  volumeBytesMax: 7_000,
  commitBytesMax: 2_048,
  volumeRefreshMsMin: 0,
  tombstoneAgeMsMax: 0,
  volumeLeaseMs: LEASE_MS,
})

export type ObjectStep =
  | { readonly do: 'put' | 'delete' | 'read' | 'merge' | 'compact'; readonly which: number }
  | { readonly do: 'putMany'; readonly count: number; readonly length: number }
  | { readonly do: 'seal' | 'steal' | 'collect' | 'reopen' }
  | { readonly do: 'fail'; readonly calls: number; readonly isDone: boolean }

/** Mistakes put in on purpose: each has to be caught, or the simulation proves nothing. */
export interface PlantedInObjects {
  /** Packs are deleted because a merged object is listed, whether it counts or not. */
  readonly collectsByListing?: boolean
  readonly forgetsTombstones?: boolean
  /** The books take what was erased for left out, whatever a rewriting was. */
  readonly forgetsErased?: boolean
}

interface Point {
  readonly objects: ObjectsState
  readonly late: Change | null
  readonly directory: MemoryDirectory
  readonly moment: SimMoment
  readonly nowMs: number
}

interface World {
  readonly objects: FaultObjects
  readonly directory: MemoryDirectory
  readonly time: { nowMs: number }
  readonly planted: PlantedInObjects
}

/**
 * As `simulate` in blob-sim.ts, of volumes on objects: lives of one store and of those who look after its volumes, ended
 * at any change of an object. What a process had asked for when it ended comes at once, late, or never.
 */
export async function simulateObjects(
  seed: number,
  lives: readonly (readonly ObjectStep[])[],
  planted: PlantedInObjects = {},
): Promise<{ readonly states: number; readonly acknowledged: number; readonly erased: number }> {
  const random = new Random(seed)
  const time = { nowMs: 0 }
  let objects: ObjectsState = new Map()
  let directory = memoryDirectory({ leaseMs: LEASE_MS, nowMs: () => time.nowMs })
  let model = new SimModel()
  const counts = { states: 0, acknowledged: 0, erased: 0 }
  try {
    for (const steps of lives) {
      const points = await live(steps, { objects, directory, model, time, planted })
      counts.acknowledged += model.acknowledged.length
      counts.erased += model.erased.length
      for (const point of points) {
        await checkPoint(point, model, time, random, planted)
        counts.states += 1
      }
      const last = random.pick(points)
      ;({ objects, directory, model } = await checkPoint(last, model, time, random, planted))
    }
  } catch (error) {
    if (error instanceof Violation) throw new Violation(`object seed ${seed}: ${error.message}`)
    throw error
  }
  return counts
}

function backendOf({ objects, planted }: World) {
  const over: ObjectStore = planted.forgetsTombstones ? withoutTombstones(objects) : objects
  return createObjectBackend({ objects: over, report: () => {} })
}

/** Says that it stored a tombstone, and did not. */
function withoutTombstones(objects: ObjectStore): ObjectStore {
  return {
    put: (key, body, options) => (key.startsWith('tombstones/') ? Promise.resolve({ bytes: 0 }) : objects.put(key, body, options)),
    compose: (key, pieces, options) => objects.compose(key, pieces, options),
    get: (key, range) => objects.get(key, range),
    head: (key) => objects.head(key),
    delete: (key) => objects.delete(key),
    list: (prefix, after) => objects.list(prefix, after),
    locate: (key, ttlMs) => objects.locate(key, ttlMs),
  }
}

const clockOf = (time: { readonly nowMs: number }) => ({ nowMs: () => time.nowMs, wait: async () => {}, every: () => () => {} })

function openStore(world: World): Promise<BlobStore & VolumeHost> {
  const { directory, time } = world
  const common = { directory, placements: directory, writer: 'sim', limits, clock: clockOf(time), report: () => {} }
  return createPackedStore({ ...common, backend: backendOf(world) })
}

/** Books that believe every rewriting to be a compaction. */
function forgetful(directory: MemoryDirectory): MemoryDirectory {
  return {
    ...directory,
    async finishRewrite(row, ...rest) {
      return await directory.finishRewrite((await directory.volume(row.volume)) ?? row, ...rest)
    },
  }
}

function careOf(world: World) {
  const { objects, directory, time, planted } = world
  return createObjectCare({
    objects,
    directory: planted.forgetsErased ? forgetful(directory) : directory,
    backend: backendOf(world),
    clock: clockOf(time),
    report: () => {},
    name: 'care',
    graceMs: GRACE_MS,
  })
}

async function live(
  steps: readonly ObjectStep[],
  world: Omit<World, 'objects'> & { readonly objects: ObjectsState; readonly model: SimModel },
): Promise<Point[]> {
  const { model, time, directory, planted } = world
  const points: Point[] = []
  const take = (state: ObjectsState, late: Change | null) =>
    points.push({ objects: state, late, directory: directory.copy(), moment: model.moment(), nowMs: time.nowMs })
  const objects = new FaultObjects(world.objects, { onStep: take })
  const own: World = { objects, directory, time, planted }
  take(objects.state(), null)
  let store = await openStore(own)
  for (const step of steps) {
    if (step.do === 'reopen') {
      await store.close().catch(unlessOfTheWorld)
      objects.heal()
      store = await openStore(own)
    } else await act(step, store, own, model)
  }
  take(objects.state(), null)
  return points
}

function unlessOfTheWorld(error: unknown): void {
  if (!(error instanceof MediaError)) throw error
}

async function act(
  step: Exclude<ObjectStep, { do: 'reopen' }>,
  store: BlobStore & VolumeHost,
  world: World,
  model: SimModel,
): Promise<void> {
  const { objects, directory, time, planted } = world
  const volumes = async (...states: ('open' | 'sealed' | 'merged')[]) =>
    (await directory.volumes({ states, limit: 100 })).map(({ volume }) => volume)
  switch (step.do) {
    case 'fail':
      objects.failAfter(step.calls, step.isDone)
      return
    case 'put':
      await put(store, model, [step.which % 900, (step.which * 7) % 300].slice(0, 1 + (step.which % 2)))
      return
    case 'putMany':
      await Promise.all(Array.from({ length: step.count }, (_, lane) => put(store, model, [step.length + lane * 8])))
      return
    case 'delete':
      await erase(step.which, store, directory, model)
      return
    case 'read': {
      const target = model.acknowledged[step.which % Math.max(1, model.acknowledged.length)]
      if (target !== undefined) await checkRead(store, target, model)
      return
    }
    case 'seal':
      for (const volume of await volumes('open')) await store.seal(volume).catch(unlessOfTheWorld)
      return
    case 'steal':
      time.nowMs += 2 * LEASE_MS
      await careOf(world).sealAbandoned({}).catch(unlessOfTheWorld)
      return
    case 'merge':
    case 'compact': {
      const all = await volumes('sealed', 'merged')
      const volume = all[step.which % Math.max(1, all.length)]
      if (volume !== undefined) await rewrite(step.do, volume, world)
      return
    }
    case 'collect':
      time.nowMs += 2 * GRACE_MS
      if (planted.collectsByListing) await deleteListed(objects).catch(unlessOfTheWorld)
      await careOf(world).collectGarbage({}).catch(unlessOfTheWorld)
  }
}

async function deleteListed(objects: FaultObjects): Promise<void> {
  for await (const { key } of objects.list('volumes/')) {
    const [, folder] = /^(volumes\/[0-9]+\/)m[0-9]+$/.exec(key) ?? []
    if (folder === undefined) continue
    for await (const { key: pack } of objects.list(folder, `${folder}0000000000`)) {
      if (/\/[0-9]{10}$/.test(pack)) await objects.delete(pack)
    }
  }
}

async function put(store: BlobStore, model: SimModel, lengths: readonly number[]): Promise<void> {
  const batch = { key: BigInt(model.started.length + 1), lengths }
  model.started.push(batch)
  const needles = lengths.map((length, alt) => ({ key: batch.key, alt, data: simData(batch.key, alt, length) }))
  await store.append(needles).then((locators) => void model.acknowledged.push({ batch, locators }), unlessOfTheWorld)
}

/** As an erasure does it: a tombstone in every volume that the item was placed in, also where a commit failed; then the books are told. */
async function erase(which: number, store: BlobStore, directory: MemoryDirectory, model: SimModel): Promise<void> {
  const target = model.acknowledged[which % Math.max(1, model.acknowledged.length)]
  const volume = target?.locators[0]?.volume
  if (target === undefined || volume === undefined) return
  const { key } = target.batch
  model.erasing.push({ key, volume })
  try {
    for (const place of new Set(directory.placed.filter((one) => one.key === key).map((one) => one.volume))) await store.delete(key, place)
  } catch (error) {
    unlessOfTheWorld(error)
    return
  }
  model.erased.push({ key, volume })
  directory.erased(key)
}

type Acknowledged = SimModel['acknowledged'][number]

async function checkRead(store: Pick<BlobStore, 'read'>, { batch, locators }: Acknowledged, model: SimModel): Promise<void> {
  const isErased = model.erased.some(({ key }) => key === batch.key)
  const mayBeErased = model.erasing.some(({ key }) => key === batch.key)
  for (const [index, locator] of locators.entries()) {
    const outcome = await outcomeOf(store, batch.key, locator, simData(batch.key, index, batch.lengths[index] ?? 0))
    const name = `${batch.key}/${locator.volume} alt ${index}`
    if (isErased && outcome !== 'MEDIA_ERASED') throw new Violation(`resurrected: ${name} was erased: ${outcome}`)
    if (!isErased && outcome !== 'right' && !(mayBeErased && outcome === 'MEDIA_ERASED'))
      throw new Violation(`lost: ${name} was acknowledged: ${outcome}`)
  }
}

/** A process ended at a moment: another begins, reads all, writes, and looks after all volumes until nothing is left to do. */
async function checkPoint(
  point: Point,
  whole: SimModel,
  time: { nowMs: number },
  random: Random,
  planted: PlantedInObjects,
): Promise<{ objects: ObjectsState; directory: MemoryDirectory; model: SimModel }> {
  time.nowMs = point.nowMs
  const model = whole.at(point.moment)
  const world: World = { objects: new FaultObjects(point.objects), directory: point.directory.copy(), time, planted }
  const arrival = random.pick(['never', 'before', 'after'] as const)
  if (point.late !== null && arrival === 'before') world.objects.arrive(point.late)
  const store = await openStore(world)
  if (point.late !== null && arrival === 'after') world.objects.arrive(point.late)
  const checkAll = async (reader: Pick<BlobStore, 'read'>) => {
    for (const one of model.acknowledged) await checkRead(reader, one, model)
  }
  await checkAll(store)
  await put(store, model, [random.below(400)])
  const next = { objects: world.objects.state(), directory: world.directory.copy(), model }
  if (random.chance(0.3)) {
    await store.close()
    await checkSound(world)
    await lookAfterAll(store, world, model)
    await checkSound(world)
    await checkAll(createPackedReader({ backend: backendOf(world), limits, clock: clockOf(time) }))
    checkGone(world.objects.state(), model)
  }
  time.nowMs = point.nowMs
  return next
}

/** Wherever a process ended, nothing is damaged: a scrub tells of nothing. */
async function checkSound(world: World): Promise<void> {
  const care = careOf(world)
  for (const row of await world.directory.volumes({ states: ['open', 'sealed', 'merged'], limit: 100 })) {
    // Allotted, and never made.
    if (row.bytes === 0 || (row.bytes === null && !(await isMade(world, row.volume)))) continue
    const { bad, tombstoneStrayBytes } = await care.scrub(row.volume, {})
    if (bad.length > 0 || tombstoneStrayBytes > 0)
      throw new Violation(`damage in volume ${row.volume} (${row.state}): ${JSON.stringify(bad)}, ${tombstoneStrayBytes}`)
  }
}

async function isMade({ objects }: World, volume: number): Promise<boolean> {
  return (await objects.head(packKey(volume, 0))) !== null
}

async function rewrite(how: 'merge' | 'compact', volume: number, world: World, force = true): Promise<void> {
  const care = careOf(world)
  await (how === 'merge' ? care.merge(volume, {}) : care.compact(volume, { force })).catch(unlessOfTheWorld)
}

/** All that those who look after volumes do by themselves, to every volume, when whatever was erased was so long ago. */
async function lookAfterAll(store: BlobStore & VolumeHost, world: World, model: SimModel): Promise<void> {
  await act({ do: 'steal' }, store, world, model)
  world.time.nowMs += care.erasedNeedleMsMax
  for (const how of ['merge', 'compact'] as const) {
    const rows = await world.directory.volumes({ states: ['sealed', 'merged'], limit: 100 })
    for (const { volume } of rows) await rewrite(how, volume, world, false)
  }
  await act({ do: 'collect' }, store, world, model)
}

/** What was erased, and the books were told of, is in no object any more. */
function checkGone(objects: ObjectsState, model: SimModel): void {
  for (const { key } of model.erased) {
    const batch = model.started.find((one) => one.key === key)
    for (const [alt, length] of (batch?.lengths ?? []).entries()) {
      if (length < 16) continue
      const data = Buffer.from(simData(key, alt, length))
      for (const [name, bytes] of objects)
        if (Buffer.from(bytes).includes(data)) throw new Violation(`not gone: ${key} alt ${alt} was erased and is in ${name}`)
    }
  }
}

/** Lives of a seed. */
export function objectLives(seed: number): ObjectStep[][] {
  const random = new Random(seed ^ 0x0b1ec7)
  return [objectSteps(random), objectSteps(random), objectSteps(random)]
}

function objectSteps(random: Random): ObjectStep[] {
  return Array.from({ length: 4 + random.below(7) }, (): ObjectStep => {
    const which = random.below(1_000)
    const dice = random.below(24)
    if (dice < 6) return { do: 'put', which }
    if (dice < 9) return { do: 'putMany', count: 2 + random.below(4), length: random.below(300) }
    if (dice < 12) return { do: 'delete', which }
    if (dice < 15) return { do: 'merge', which }
    if (dice < 17) return { do: 'compact', which }
    if (dice < 19) return { do: 'collect' }
    if (dice < 21) return { do: random.pick(['seal', 'steal', 'reopen'] as const) }
    if (dice < 22) return { do: 'read', which }
    return { do: 'fail', calls: random.below(5), isDone: random.chance(0.5) }
  })
}
