import { fork } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { head, type Lane, openLane } from './blob-weed/client.ts'
import { type Peer, startPeer } from './blob-weed/peer.ts'
import { median } from './median.ts'
import type { Bench, BenchContext } from './types.ts'

const CONNECTIONS = 16
const SIZES = [1024, 64 * 1024] as const
const ROUNDS = 5
const ROUND_MS = 1_000
const WRITE_GOAL = 1
const READ_GOAL = 0.8
/** Ids made ahead for the peer, more than it can write in a round. */
const IDS_A_ROUND = 20_000

interface Speed {
  readonly perSecond: number
  /** For each second of a core that the side's process took: says more than the other on a machine that is not alone. */
  readonly perCore: number
}

interface Side {
  readonly name: string
  readonly pid: number
  /** One connection of each kind a lane. */
  readonly lanes: readonly { readonly write: Lane; readonly read: Lane }[]
  /** What is written by one turn of a lane; gives the request that reads it. */
  write(lane: Lane, data: Uint8Array): Promise<Uint8Array>
  /** Ready for a round of writes. */
  prepare(): Promise<void>
  /** Requests that read what was written, by size. */
  readonly written: Map<number, Uint8Array[]>
}

/** Environment: WEED, the peer's binary. Or the first argument; the second: rounds. */
export const bench: Bench = {
  name: 'blob-weed',
  claim: 'Over HTTP and durable before the answer, the blob store writes and reads as much as SeaweedFS in the same run',
  goal: `>= ${WRITE_GOAL} of its durable writes/s and >= ${READ_GOAL} of its reads per second of a core, at 1 KiB and 64 KiB, median of ${ROUNDS} rounds`,
  async run(context) {
    const binary = context.args[0] ?? process.env['WEED']
    if (binary === undefined) throw new Error('the peer is absent: WEED=/path/to/weed npm run bench -- blob-weed.')
    const server = fork(join(import.meta.dirname, 'blob-weed/server.ts'), [join(context.scratch, 'volumes')])
    const ports = await new Promise<{ writes: number; reads: number }>((resolve, reject) => {
      server.once('message', (message) => resolve(message as { writes: number; reads: number }))
      server.once('exit', () => reject(new Error('our server ended')))
    })
    const peer = await startPeer(binary, join(context.scratch, 'weed'))
    try {
      return await compare(context, await oursOf(server.pid ?? 0, ports), await theirsOf(peer))
    } finally {
      server.disconnect()
      peer.stop()
    }
  },
}

async function oursOf(pid: number, { writes, reads }: { writes: number; reads: number }): Promise<Side> {
  return {
    name: 'ours',
    pid,
    lanes: await lanesOf(writes, reads),
    written: new Map(),
    prepare: async () => {},
    async write(lane, data) {
      const { body } = await lane.ask([head('POST', '/', writes, data.byteLength), data], true)
      return head('GET', body.toString('latin1'), reads)
    },
  }
}

async function theirsOf(peer: Peer): Promise<Side> {
  let ids: string[] = []
  return {
    name: 'SeaweedFS',
    pid: peer.child.pid ?? 0,
    lanes: await lanesOf(peer.port, peer.port),
    written: new Map(),
    async prepare() {
      ids = await peer.assign(IDS_A_ROUND)
    },
    async write(lane, data) {
      const id = ids.pop()
      if (id === undefined) throw new Error('the ids of a round did not last')
      await lane.ask([head('PUT', `/${id}?fsync=true`, peer.port, data.byteLength), data])
      return head('GET', `/${id}`, peer.port)
    },
  }
}

async function lanesOf(writes: number, reads: number) {
  return await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => ({ write: await openLane(writes), read: await openLane(reads) })),
  )
}

async function compare({ say, args }: BenchContext, ours: Side, theirs: Side) {
  const rounds = Number(args[1] ?? ROUNDS)
  const margins: number[] = []
  for (const size of SIZES) {
    const ratios = { writes: [] as number[], reads: [] as number[] }
    for (let round = 0; round <= rounds; round += 1) {
      // Who goes first changes from round to round: the disk remembers what was just written.
      const order = round % 2 === 0 ? [ours, theirs] : [theirs, ours]
      const writes = new Map<Side, Speed>()
      const reads = new Map<Side, Speed>()
      for (const side of order) writes.set(side, await writesPerSecond(side, size))
      for (const side of order) reads.set(side, await readsPerSecond(side, size))
      const [w, pw, r, pr] = [writes.get(ours), writes.get(theirs), reads.get(ours), reads.get(theirs)]
      if (w === undefined || pw === undefined || r === undefined || pr === undefined) continue
      say(
        `${size} B, ${round === 0 ? 'warm-up' : `round ${round}`}: writes/s ${w.perSecond.toFixed(0)} and ${pw.perSecond.toFixed(0)} (${(w.perSecond / pw.perSecond).toFixed(2)}), ` +
          `of a core ${w.perCore.toFixed(0)} and ${pw.perCore.toFixed(0)} (${(w.perCore / pw.perCore).toFixed(2)}); ` +
          `reads/s ${r.perSecond.toFixed(0)} and ${pr.perSecond.toFixed(0)}, of a core ${r.perCore.toFixed(0)} and ${pr.perCore.toFixed(0)} (${(r.perCore / pr.perCore).toFixed(2)})`,
      )
      if (round === 0) continue
      ratios.writes.push(w.perSecond / pw.perSecond)
      ratios.reads.push(r.perCore / pr.perCore)
    }
    const [writes, reads] = [median(ratios.writes), median(ratios.reads)]
    say(`${size} B: writes ${writes.toFixed(2)} of the peer's, reads of a core ${reads.toFixed(2)}`)
    margins.push(writes / WRITE_GOAL, reads / READ_GOAL)
  }
  const value = Math.min(...margins)
  return {
    name: 'the worst of four figures against its goal',
    value: Number(value.toFixed(3)),
    unit: 'of the goal',
    goal: '>= 1',
    peer: `SeaweedFS, ?fsync=true, ${CONNECTIONS} connections for both`,
    holds: value >= 1,
  }
}

async function writesPerSecond(side: Side, size: number): Promise<Speed> {
  await side.prepare()
  const data = randomBytes(size)
  const written = side.written.get(size) ?? []
  side.written.set(size, written)
  const before = await cpuSeconds(side.pid)
  const first = written.length
  const perSecondOf = await perSecond(side, async ({ write }) => {
    written.push(await side.write(write, data))
  })
  return { perSecond: perSecondOf, perCore: (written.length - first) / ((await cpuSeconds(side.pid)) - before) }
}

async function readsPerSecond(side: Side, size: number): Promise<Speed> {
  const written = side.written.get(size) ?? []
  const before = await cpuSeconds(side.pid)
  let reads = 0
  const perSecondOf = await perSecond(side, async ({ read }) => {
    const request = written[randomInt(written.length)]
    if (request === undefined) return
    const { bytes } = await read.ask([request])
    if (bytes !== size) throw new Error(`${side.name} answered ${bytes} bytes of ${size}`)
    reads += 1
  })
  return { perSecond: perSecondOf, perCore: reads / ((await cpuSeconds(side.pid)) - before) }
}

/** Turns a second, of all lanes together. */
async function perSecond(side: Side, turn: (lane: Side['lanes'][number]) => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  let turns = 0
  await Promise.all(
    side.lanes.map(async (lane) => {
      for (; performance.now() - startedMs < ROUND_MS; turns += 1) await turn(lane)
    }),
  )
  return turns / ((performance.now() - startedMs) / 1000)
}

/** User and system time of a process with all its threads: fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms. */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
