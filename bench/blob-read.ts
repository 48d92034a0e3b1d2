import { execFile, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createFileBlobReader, createFileBlobStore } from '../blobstore/file.ts'
import type { Locator } from '../domain/media.ts'
import { median } from './median.ts'
import type { Bench } from './types.ts'

const GOAL = 0.9
const DATA_BYTES = 64 * 1024
/** What a needle of 64 KiB touches: 16 pages and the next one, for its frame; at any page, as needles lie. */
const DEVICE_READ_BYTES = DATA_BYTES + 4096
const NEEDLES = 16 * 1024
const DEPTH = 32
const ROUND_MS = 1_500
const ROUNDS = 11

/** Arguments: rounds. */
export const bench: Bench = {
  name: 'blob-read',
  claim: 'Cold random reads of 64 KiB needles, each by one device read with every byte checked, reach what fio reaches on the same disk',
  goal: `as many reads as at least ${GOAL} of fio's, over ${ROUNDS} interleaved rounds`,
  async run({ scratch, args, tools, say }) {
    const rounds = Number(args[0] ?? ROUNDS)
    const fio = tools['fio'] ?? 'fio'
    const folder = join(scratch, 'volumes')
    say(
      `writing ${NEEDLES} needles of ${DATA_BYTES} bytes; both sides then read with O_DIRECT, ${DEPTH} under way, so the page cache helps neither`,
    )
    await fill(folder, join(scratch, 'locators.json'))
    const volume = (await readdir(folder)).find((name) => name.endsWith('.volume'))
    if (volume === undefined) throw new Error('no volume was written')
    const reader = await startReader(folder, join(scratch, 'locators.json'))
    const ratios: number[] = []
    const total = { ours: 0, peer: 0 }
    try {
      // Once not counted: an origin has read before, and its code is compiled.
      await reader.measure()
      for (let round = 0; round < rounds; round += 1) {
        const turns = { ours: () => reader.measure(), peer: () => measureFio(fio, join(folder, volume)) }
        const speed = { ours: 0, peer: 0 }
        for (const who of round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)) speed[who] = await turns[who]()
        const ratio = speed.ours / speed.peer
        ratios.push(ratio)
        total.ours += speed.ours
        total.peer += speed.peer
        say(`round ${round + 1}: ${speed.ours.toFixed(0)} reads/s, fio ${speed.peer.toFixed(0)} reads/s, ratio ${ratio.toFixed(2)}`)
      }
    } finally {
      reader.stop()
    }
    // Not the median of the rounds: fio has two speeds, one half of the other, as the pages of its buffers happen to lie at each
    // start, and the median would be at the one that came up six times of eleven.
    const value = total.ours / total.peer
    say(`median of the rounds: ${median(ratios).toFixed(2)}; fio's rate depends on how the pages of its buffers lie, anew at each start`)
    return {
      name: 'cold random reads against fio',
      value: Number(value.toFixed(3)),
      unit: 'ratio',
      goal: `>= ${GOAL}`,
      peer: `fio libaio randread, bs=${DEVICE_READ_BYTES}, blockalign=4k, direct=1, iodepth=${DEPTH}, the volume file itself`,
      holds: value >= GOAL,
    }
  },
}

type Known = { readonly key: string; readonly locator: Locator }

async function fill(folder: string, locatorsPath: string): Promise<void> {
  const room = Math.ceil(NEEDLES * DATA_BYTES * 1.01)
  const store = await createFileBlobStore({ folder, writer: 'bench', limits: { extentBytes: 64 * 1024 ** 2, volumeBytesMax: room } })
  const known: Known[] = []
  for (let key = 0; key < NEEDLES; key += 64) {
    const keys = Array.from({ length: 64 }, (_, index) => BigInt(key + index))
    const located = await Promise.all(keys.map((one) => store.append([{ key: one, alt: 0, data: randomBytes(DATA_BYTES) }])))
    for (const [index, [locator]] of located.entries()) if (locator) known.push({ key: String(keys[index]), locator })
  }
  await store.close()
  await writeFile(locatorsPath, JSON.stringify(known))
}

/** Reads in a process of its own, as an origin: nothing else is at work beside the reads. */
async function startReader(folder: string, locatorsPath: string) {
  const child = fork(import.meta.filename, [folder, locatorsPath])
  const ended = new Promise<never>((_, reject) => child.once('exit', () => reject(new Error('the reading process ended'))))
  // Told to whoever waits for an answer; nobody does once the bench is over.
  ended.catch(() => undefined)
  const answer = () => Promise.race([new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message)))), ended])
  await answer()
  return {
    measure() {
      const answered = answer()
      child.send('measure')
      return answered
    },
    stop: () => child.disconnect(),
  }
}

/** Reads per second. */
async function measureFio(fio: string, file: string): Promise<number> {
  const shape = [
    `--filename=${file}`,
    '--rw=randread',
    `--bs=${DEVICE_READ_BYTES}`,
    '--blockalign=4k',
    '--direct=1',
    '--ioengine=libaio',
    `--iodepth=${DEPTH}`,
  ]
  const flags = ['--name=read', ...shape, '--time_based', `--runtime=${ROUND_MS}ms`, '--norandommap', '--readonly', '--output-format=json']
  const { stdout } = await promisify(execFile)(fio, flags, { maxBuffer: 2 ** 26 })
  const { jobs } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { jobs: { read: { iops: number } }[] }
  return jobs[0]?.read.iops ?? 0
}

async function readForAWhile(): Promise<void> {
  const [folder = '', locatorsPath = ''] = process.argv.slice(2)
  const file = await open(locatorsPath)
  const known = JSON.parse(await file.readFile('utf8')) as Known[]
  await file.close()
  const reader = createFileBlobReader({ folder, directReads: true })
  const order = new Uint32Array(randomBytes(4 * 65_536).buffer)
  let next = 0
  const readOne = async () => {
    next = (next + 1) % order.length
    const { key, locator } = known[(order[next] ?? 0) % known.length] as Known
    const { release } = await reader.read(BigInt(key), locator, { lend: true })
    release?.()
  }
  await readOne()
  process.on('message', async () => {
    const startedMs = performance.now()
    let reads = 0
    const lane = async () => {
      for (; performance.now() - startedMs < ROUND_MS; reads += 1) await readOne()
    }
    await Promise.all(Array.from({ length: DEPTH }, lane))
    process.send?.(reads / ((performance.now() - startedMs) / 1000))
  })
  process.once('disconnect', () => void reader.close())
  process.send?.(0)
}

if (process.send !== undefined && import.meta.main) await readForAWhile()
