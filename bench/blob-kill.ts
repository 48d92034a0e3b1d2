import { randomInt } from 'node:crypto'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { dataOf, limitsOfChild } from '../blobstore/crash-writer.fixture.ts'
import { createFileBlobStore } from '../blobstore/file.ts'
import { scrubVolume } from '../blobstore/scrub.ts'
import { systemClock } from '../blobstore/refresher.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import type { Locator } from '../domain/media.ts'
import { volumesIn } from '../workers/volume-commands.ts'
import type { Bench } from './types.ts'

const KILLS = 200
const ACKNOWLEDGED_BEFORE_KILL_MAX = 200

interface Acknowledged {
  readonly key: string
  readonly length: number
  readonly locator: Locator
}

/** Argument: how many times the writing process is killed. */
export const bench: Bench = {
  name: 'blob-kill',
  claim: 'kill -9 of the process that writes volumes, in the middle of appends, loses nothing acknowledged and needs no repair',
  goal: `0 lost, 0 bad records after ${KILLS} kills`,
  async run({ scratch, args, say }) {
    const kills = Number(args[0] ?? KILLS)
    const folder = join(scratch, 'volumes')
    const acknowledged: Acknowledged[] = []
    let lost = 0
    for (let life = 1; life <= kills; life += 1) {
      const born = acknowledged.length
      await writeUntilKilled(folder, life, randomInt(1, ACKNOWLEDGED_BEFORE_KILL_MAX + 1), acknowledged)
      // As the next start does: it recovers, and then serves what the life that ended was told of.
      lost += await missing(folder, acknowledged.slice(born))
      if (life % 20 === 0) say(`${life} kills, ${acknowledged.length} acknowledged, ${lost} lost`)
    }
    lost += await missing(folder, acknowledged)
    const bad = await badRecords(folder)
    return {
      name: `acknowledged needles lost and records to repair after ${kills} kills (${acknowledged.length} acknowledged)`,
      value: lost + bad,
      unit: 'needles',
      goal: '0',
      peer: 'SIGKILL in mid-write',
      holds: lost + bad === 0,
    }
  },
}

async function writeUntilKilled(folder: string, life: number, enough: number, acknowledged: Acknowledged[]): Promise<void> {
  const writer = join(import.meta.dirname, '../blobstore/crash-writer.fixture.ts')
  const child = spawn(process.execPath, [writer, folder, String(life)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  let seen = 0
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(JSON.parse(line))
    seen += 1
    if (seen === enough) child.kill('SIGKILL')
  }
  await exited
  if (child.signalCode !== 'SIGKILL') throw new Error(`the writer ended by itself after ${seen} needles`)
}

async function missing(folder: string, acknowledged: readonly Acknowledged[]): Promise<number> {
  const store = await createFileBlobStore({ folder, writer: 'crash', limits: limitsOfChild })
  let lost = 0
  for (const { key, length, locator } of acknowledged) {
    const data = await store.read(BigInt(key), locator).then(
      (read) => read.data,
      () => null,
    )
    if (data === null || Buffer.compare(data, dataOf(BigInt(key), length)) !== 0) lost += 1
  }
  await store.close()
  return lost
}

async function badRecords(folder: string): Promise<number> {
  const disk = createSystemDisk({ directReads: false })
  let bad = 0
  for (const volume of await volumesIn(folder)) bad += (await scrubVolume({ disk, folder, volume }, { clock: systemClock })).bad.length
  await disk.close()
  return bad
}
