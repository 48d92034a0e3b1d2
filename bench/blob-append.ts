import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createFileBlobStore } from '../blobstore/file.ts'
import { recordBytes } from '../blobstore/layout.ts'
import type { BlobStore } from '../domain/ports.ts'
import { median } from './median.ts'
import type { Bench } from './types.ts'

const GOAL = 0.85
const DATA_BYTES = 64 * 1024
/** Needles in a commit. */
const BATCH = 16
/** Five commits' worth: one is on the disk, three wait behind it, and the next is gathered. */
const SUBMITTERS = 5 * BATCH
const COMMIT_BYTES = BATCH * DATA_BYTES
const ROUND_COMMITS = 200
const ROUNDS = 12
/** Each goes as often first as last, and as often after one as after the other: the disk remembers what was just written. */
const ORDERS = [
  ['ours', 'cached', 'direct'],
  ['direct', 'cached', 'ours'],
  ['cached', 'direct', 'ours'],
  ['ours', 'direct', 'cached'],
  ['direct', 'ours', 'cached'],
  ['cached', 'ours', 'direct'],
] as const
/** So that all memory for commits was in use once. */
const WARM_COMMITS = 200
const ROUND_BYTES = ROUND_COMMITS * COMMIT_BYTES
const FILE_BYTES = ROUNDS * ROUND_BYTES

export const bench: Bench = {
  name: 'blob-append',
  claim: 'Durable appends of 64 KiB needles, gathered 16 to a commit, reach what fio reaches with synced writes of the same size',
  goal: `median of ${ROUNDS} interleaved rounds at least ${GOAL} of fio`,
  async run({ scratch, tools, say }) {
    const fio = tools['fio'] ?? 'fio'
    const fioFile = join(scratch, 'fio.bin')
    await layOut(fioFile, FILE_BYTES)
    // Both write into zeros that lie on the disk already; room for the records' frames and the warm-up is added.
    const room = Math.ceil((FILE_BYTES + WARM_COMMITS * COMMIT_BYTES) * 1.01)
    const store = await createFileBlobStore({
      folder: join(scratch, 'volumes'),
      writer: 'bench',
      limits: { extentBytes: room, volumeBytesMax: room, commitBytesMax: BATCH * recordBytes(DATA_BYTES) },
    })
    const data = new Uint8Array(randomBytes(DATA_BYTES))
    const submit = createSubmitters(store, data)
    await submit(WARM_COMMITS)
    const ratios = { cached: [] as number[], direct: [] as number[] }
    for (let round = 0; round < ROUNDS; round += 1) {
      const offset = round * ROUND_BYTES
      const turns = {
        ours: () => measureStore(submit),
        cached: () => measureFio(fio, fioFile, offset, ['--fdatasync=1']),
        direct: () => measureFio(fio, fioFile, offset, ['--direct=1', '--sync=dsync']),
      }
      const speed = { ours: 0, cached: 0, direct: 0 }
      for (const who of ORDERS[round % ORDERS.length] ?? []) speed[who] = await turns[who]()
      for (const peer of ['cached', 'direct'] as const) ratios[peer].push(speed.ours / speed[peer])
      say(
        `round ${round + 1}: ${mib(speed.ours)} MiB/s of needles acknowledged, fio ${mib(speed.cached)} MiB/s (${ratioOf(speed.ours, speed.cached)}), ` +
          `past the page cache ${mib(speed.direct)} MiB/s (${ratioOf(speed.ours, speed.direct)})`,
      )
    }
    await store.close()
    const [cached, direct] = [median(ratios.cached), median(ratios.direct)]
    say(`${cached.toFixed(2)} of fio through the page cache, ${direct.toFixed(2)} of fio past it`)
    const value = Math.min(cached, direct)
    return {
      name: 'durable append throughput against fio',
      value: Number(value.toFixed(3)),
      unit: 'ratio',
      goal: `>= ${GOAL}`,
      peer: `the faster of fio psync, bs=${COMMIT_BYTES}, with fdatasync=1 and with direct=1 sync=dsync, into a file of zeros on the disk`,
      holds: value >= GOAL,
    }
  },
}

/** Bytes of data acknowledged per second. */
async function measureStore(submit: (commits: number) => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await submit(ROUND_COMMITS)
  return ROUND_BYTES / ((performance.now() - startedMs) / 1000)
}

/** Each submitter appends one needle of an item of its own, waits until it is durable, and goes on. */
function createSubmitters(store: BlobStore, data: Uint8Array): (commits: number) => Promise<unknown> {
  let key = 0n
  const submit = async (turns: number) => {
    for (let turn = 0; turn < turns; turn += 1) {
      key += 1n
      await store.append([{ key, alt: 0, data }])
    }
  }
  return (commits) => Promise.all(Array.from({ length: SUBMITTERS }, () => submit((commits * BATCH) / SUBMITTERS)))
}

async function measureFio(fio: string, file: string, offset: number, durable: readonly string[]): Promise<number> {
  const shape = [`--filename=${file}`, `--offset=${offset}`, `--size=${ROUND_BYTES}`, '--rw=write', `--bs=${COMMIT_BYTES}`]
  const flags = ['--name=append', ...shape, '--ioengine=psync', '--overwrite=1', ...durable, '--output-format=json']
  const { stdout } = await promisify(execFile)(fio, flags, { maxBuffer: 2 ** 26 })
  const { jobs } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { jobs: { write: { bw_bytes: number } }[] }
  return jobs[0]?.write.bw_bytes ?? 0
}

/** A file of zeros, on the disk and not only in memory: what a volume looks like before its first commit. */
async function layOut(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'wx')
  try {
    const zeros = new Uint8Array(COMMIT_BYTES)
    for (let at = 0; at < bytes; at += zeros.byteLength) await file.write(zeros, 0, zeros.byteLength, at)
    await file.sync()
  } finally {
    await file.close()
  }
}

function ratioOf(ours: number, peer: number): string {
  return (ours / peer).toFixed(2)
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}
