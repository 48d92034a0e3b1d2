import { blobLimits } from '../../blobstore/blob-limits.ts'
import { compactVolume } from '../../blobstore/compact.ts'
import type { Disk } from '../../blobstore/disk.ts'
import { createFileBackend } from '../../blobstore/file-backend.ts'
import { scrubVolume } from '../../blobstore/scrub.ts'
import { sealTaken } from '../../blobstore/seal-abandoned.ts'
import { createPackedStore } from '../../blobstore/store.ts'
import type { VolumeBackend } from '../../blobstore/volume-log.ts'
import { MediaError } from '../../domain/errors.ts'
import type { BlobStore } from '../../domain/ports.ts'
import type { VolumeHost } from '../../domain/volume-ports.ts'
import { crashImage, type DiskImage, harm } from './crash-image.ts'
import { type DiskState, FaultDisk } from './fault-disk.ts'
import { Random } from './random.ts'
import { checkAfterCrash, checkAfterHarm, recordsOf, SIM_FOLDER, Violation } from './sim-check.ts'
import { SIM_LEASE_MS, SimDirectory } from './sim-directory.ts'
import { type SimBatch, SimModel, type SimMoment, simData } from './sim-model.ts'

const limits = blobLimits({
  volumeBytesMax: 7_000,
  extentBytes: 1_024,
  commitBytesMax: 2_048,
  needleBytesMax: 2_000,
  batchBytesMax: 4_000,
  volumeRefreshMsMin: 0,
  tombstoneAgeMsMax: 0,
})

/** Time stands still, but for the leases that are let run out: nothing in a simulation waits. */
function stoppedClock() {
  const time = { nowMs: 0 }
  return { time, nowMs: () => time.nowMs, wait: async () => {}, every: () => () => {} }
}

/** A scrub reads all: not after each state. */
const SCRUB_EVERY = 8

type SimClock = ReturnType<typeof stoppedClock>

export type SimStep =
  | { readonly do: 'put'; readonly lengths: readonly number[] }
  | { readonly do: 'putMany'; readonly count: number; readonly length: number }
  | { readonly do: 'delete'; readonly which: number }
  | { readonly do: 'read'; readonly which: number }
  | { readonly do: 'reopen' }
  | { readonly do: 'compact'; readonly which: number }
  | { readonly do: 'seal' }
  /** The store is silent for longer than its lease, and another seals what it holds. */
  | { readonly do: 'steal' }
  | { readonly do: 'fail'; readonly calls: number; readonly errno: 'EIO' | 'ENOSPC' }

/** Mistakes put in on purpose: each has to be caught, or the simulation proves nothing. */
export interface Planted {
  readonly skipSync?: boolean
  readonly sameEpoch?: boolean
  readonly backendOf?: (disk: Disk, backend: VolumeBackend) => VolumeBackend
}

export interface SimResult {
  readonly states: number
  readonly harmed: number
  readonly detected: number
  readonly acknowledged: number
}

interface Point {
  readonly disk: DiskState
  readonly directory: SimDirectory
  readonly moment: SimMoment
}

/**
 * Lives of one store between power cuts, all of them from the seed. Within a life every step of the disk is
 * a moment at which the power may be cut, and each is tried with `variants` states that the disk can be in
 * then; one of them begins the next life. Throws a {@link Violation} that names the seed.
 */
export async function simulate(
  seed: number,
  lives: readonly (readonly SimStep[])[],
  options: { readonly variants: number; readonly planted?: Planted },
): Promise<SimResult> {
  const { variants, planted = {} } = options
  const random = new Random(seed)
  let image: DiskImage = new Map()
  let directory = new SimDirectory({ raisesEpoch: !(planted.sameEpoch ?? false) })
  let model = new SimModel()
  const counts = { states: 0, harmed: 0, detected: 0, acknowledged: 0 }
  try {
    for (const steps of lives) {
      const points = await live(steps, { image, directory, model, random, planted })
      counts.acknowledged += model.acknowledged.length
      for (const point of points) {
        for (let variant = 0; variant < variants; variant += 1) {
          await checkPoint(point, model, random, planted, counts)
        }
      }
      // The next life begins, more often than not, with something half written.
      const unsynced = points.filter(({ disk }) => [...disk.values()].some(({ pending }) => pending.length > 0))
      const last = random.pick(unsynced.length > 0 && random.chance(0.7) ? unsynced : points)
      const after = await checkPoint(last, model, random, planted, counts)
      ;({ image, directory, model } = after)
    }
  } catch (error) {
    if (error instanceof Violation) throw new Violation(`seed ${seed}: ${error.message}`)
    throw error
  }
  return counts
}

const backendOver = (disk: Disk) => createFileBackend({ disk, folder: SIM_FOLDER, limits, report: () => {} })

async function openStore(
  disk: Disk,
  directory: SimDirectory,
  planted: Planted,
  clock: SimClock = stoppedClock(),
): Promise<BlobStore & VolumeHost> {
  const backend = backendOver(disk)
  return createPackedStore({
    backend: planted.backendOf?.(disk, backend) ?? backend,
    directory,
    placements: directory,
    writer: 'sim',
    limits,
    clock,
    report: () => {},
  })
}

interface World {
  readonly image: DiskImage
  readonly directory: SimDirectory
  readonly model: SimModel
  readonly random: Random
  readonly planted: Planted
}

/** Runs the steps and returns every moment at which the power could have been cut. */
async function live(steps: readonly SimStep[], world: World): Promise<Point[]> {
  const { model, planted, directory } = world
  const points: Point[] = []
  const take = (state: () => DiskState) => points.push({ disk: state(), directory: directory.copy(), moment: model.moment() })
  const disk = new FaultDisk(world.image, { onStep: take, slow: true, skipSync: planted.skipSync ?? false })
  take(() => disk.state())
  const clock = stoppedClock()
  let store = await openStore(disk, directory, planted, clock)
  for (const step of steps) {
    if (step.do === 'reopen') {
      // A disk that fails here too leaves the store as a crash would; it is opened on a disk that works again.
      await store.close().catch(unlessOfTheWorld)
      disk.heal()
      store = await openStore(disk, directory, planted, clock)
    } else if (step.do === 'compact') await compact(step.which, disk, directory)
    else if (step.do === 'seal') {
      for (const volume of openVolumes(directory)) await store.seal(volume).catch(unlessOfTheWorld)
    } else if (step.do === 'steal') {
      clock.time.nowMs += 2 * SIM_LEASE_MS
      await steal(disk, directory)
    } else await act(step, store, disk, model)
  }
  take(() => disk.state())
  return points
}

function openVolumes(directory: SimDirectory): number[] {
  return [...directory.volumes()].filter(([, { sealed }]) => !sealed).map(([volume]) => volume)
}

async function steal(disk: FaultDisk, directory: SimDirectory): Promise<void> {
  const thief = { backend: backendOver(disk), directory, name: 'thief', report: () => {} }
  for (const volume of openVolumes(directory)) await sealTaken(thief, volume, false).catch(unlessOfTheWorld)
}

function unlessOfTheWorld(error: unknown): void {
  if (!(error instanceof MediaError)) throw error
}

async function act(
  step: Exclude<SimStep, { do: 'reopen' | 'compact' | 'seal' | 'steal' }>,
  store: BlobStore,
  disk: FaultDisk,
  model: SimModel,
): Promise<void> {
  switch (step.do) {
    case 'fail':
      disk.failAfter(step.calls, step.errno)
      return
    case 'put':
      await put(store, model, step.lengths)
      return
    case 'putMany':
      await Promise.all(Array.from({ length: step.count }, (_, lane) => put(store, model, [step.length + lane * 8])))
      return
    case 'delete': {
      const target = model.acknowledged[step.which % Math.max(1, model.acknowledged.length)]
      const volume = target?.locators[0]?.volume
      if (target === undefined || volume === undefined) return
      const erasure = { key: target.batch.key, volume }
      model.erasing.push(erasure)
      await store.delete(erasure.key, volume).then(
        () => model.erased.push(erasure),
        () => undefined,
      )
      return
    }
    case 'read': {
      const target = model.acknowledged[step.which % Math.max(1, model.acknowledged.length)]
      const locator = target?.locators[0]
      if (target === undefined || locator === undefined) return
      if (model.erasing.some(({ key }) => key === target.batch.key)) return
      const { data } = await store.read(target.batch.key, locator)
      if (Buffer.compare(data, simData(target.batch.key, 0, target.batch.lengths[0] ?? 0)) !== 0) throw new Violation('wrong bytes')
    }
  }
}

/** Of a sealed volume; what fails of a failing disk leaves the volume as it was. */
async function compact(which: number, disk: FaultDisk, directory: SimDirectory): Promise<void> {
  const sealed = [...directory.volumes()].filter(([, { sealed }]) => sealed).map(([volume]) => volume)
  const volume = sealed[which % Math.max(1, sealed.length)]
  if (volume === undefined) return
  await compactVolume({ disk, folder: SIM_FOLDER, volume }, { clock: stoppedClock() }).catch(unlessOfTheWorld)
}

async function put(store: BlobStore, model: SimModel, lengths: readonly number[]): Promise<void> {
  const batch: SimBatch = { key: BigInt(model.started.length + 1), lengths }
  model.started.push(batch)
  const needles = lengths.map((length, alt) => ({ key: batch.key, alt, data: simData(batch.key, alt, length) }))
  await store.append(needles).then(
    (locators) => model.acknowledged.push({ batch, locators }),
    // Refused because the disk failed: it may be there or not, as if the power had been cut.
    () => undefined,
  )
}

/** One crash state: the disk as it may be, opened again and compared; sometimes harmed as well, sometimes written on. */
async function checkPoint(
  point: Point,
  whole: SimModel,
  random: Random,
  planted: Planted,
  counts: { states: number; harmed: number; detected: number },
): Promise<{ image: DiskImage; directory: SimDirectory; model: SimModel }> {
  const image = crashImage(point.disk, random)
  const model = whole.at(point.moment)
  const disk = new FaultDisk(image)
  const directory = point.directory.copy()
  const store = await openStore(disk, directory, planted)
  const found = await checkAfterCrash(store, disk, model)
  counts.states += 1
  if (counts.states % SCRUB_EVERY === 0) await checkSound(disk)
  const acknowledged = new Set(model.acknowledged.map(({ batch }) => batch.key))
  for (const { key } of model.started) {
    if (acknowledged.has(key)) continue
    if (found.has(key)) model.settled.add(key)
    else model.dead.add(key)
  }
  const next: DiskImage = new Map([...disk.state()].map(([path, { durable, ghost }]) => [path, { bytes: durable, ghost }]))
  if (random.chance(0.25)) await checkHarmed(next, directory, model, random, planted, counts)
  if (random.chance(0.25)) {
    await put(store, model, [random.below(200)])
    if (model.acknowledged.length !== acknowledged.size + 1) throw new Violation('lost: a recovered store takes no appends')
    await checkAfterCrash(store, disk, model)
    const written: DiskImage = new Map([...disk.state()].map(([path, { durable, ghost }]) => [path, { bytes: durable, ghost }]))
    return { image: written, directory, model }
  }
  return { image: next, directory, model }
}

/** Wherever the power was cut, no record is damaged: a scrub of what was opened again tells of none. An erasure may be torn. */
async function checkSound(disk: FaultDisk): Promise<void> {
  for (const path of disk.paths()) {
    const [, volume] = /([0-9]+)\.volume$/.exec(path) ?? []
    if (volume === undefined) continue
    const at = { disk, folder: SIM_FOLDER, volume: Number(volume) }
    const { bad } = await scrubVolume(at, { clock: stoppedClock() })
    if (bad.length > 0) throw new Violation(`lost: damage in volume ${volume}: ${JSON.stringify(bad)}`)
  }
}

async function checkHarmed(
  sound: DiskImage,
  directory: SimDirectory,
  model: SimModel,
  random: Random,
  planted: Planted,
  counts: { states: number; harmed: number; detected: number },
): Promise<void> {
  const image: DiskImage = new Map([...sound].map(([path, file]) => [path, { ...file }]))
  const before = await recordsOf(new FaultDisk(sound))
  const harmed = harm(image, random)
  if (harmed === null) return
  const store = await openStore(new FaultDisk(image), directory.copy(), planted)
  counts.states += 1
  counts.harmed += 1
  if ((await checkAfterHarm(store, model, before, harmed)) === 'detected') counts.detected += 1
}

/** Steps of a life, from a seed. */
export function simSteps(random: Random): SimStep[] {
  return Array.from({ length: 3 + random.below(6) }, (): SimStep => {
    const dice = random.below(22)
    if (dice < 8)
      return { do: 'put', lengths: Array.from({ length: 1 + random.below(3) }, () => random.below(random.chance(0.2) ? 1_500 : 120)) }
    if (dice < 12) return { do: 'putMany', count: 2 + random.below(4), length: random.below(300) }
    if (dice < 15) return { do: 'delete', which: random.below(100) }
    if (dice < 16) return { do: 'compact', which: random.below(10) }
    if (dice < 17) return { do: 'read', which: random.below(100) }
    if (dice < 19) return { do: 'reopen' }
    if (dice === 20) return { do: 'steal' }
    if (dice === 21) return { do: 'seal' }
    return { do: 'fail', calls: random.below(4), errno: random.pick(['EIO', 'ENOSPC'] as const) }
  })
}
