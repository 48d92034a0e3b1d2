import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { simulate } from '../tests/sim/blob-sim.ts'
import { objectLives, simulateObjects } from '../tests/sim/object-sim.ts'
import { catchPlanted, catchPlantedInObjects, plantedBugs, plantedInObjects, simLives } from '../tests/sim/planted.ts'
import { Violation } from '../tests/sim/sim-check.ts'
import type { Bench } from './types.ts'

const STATES = 1_000_000

interface Tally {
  readonly states: number
  readonly harmed: number
  readonly violation?: string
}

/** Arguments: how many crash states, and the seed to begin with. One seed that failed is run again by `1 SEED`. */
export const bench: Bench = {
  name: 'blob-crash',
  claim:
    'After a power cut at any step, of files and of objects, nothing acknowledged is lost, nothing erased comes back, nothing else appears',
  goal: `0 violations in ${STATES.toLocaleString('en')} crash states; every planted mistake is caught`,
  async run({ args, say }) {
    const wanted = Number(args[0] ?? STATES)
    const first = Number(args[1] ?? 1)
    let missed = 0
    for (const [name, planted] of Object.entries(plantedBugs)) {
      const caught = await catchPlanted(planted)
      say(`planted: ${name}: ${caught ?? 'NOT CAUGHT'}`)
      if (caught === null) missed += 1
    }
    for (const [name, { bug }] of Object.entries(plantedInObjects)) {
      const caught = await catchPlantedInObjects(bug)
      say(`planted: ${name}: ${caught ?? 'NOT CAUGHT'}`)
      if (caught === null) missed += 1
    }
    const violations: string[] = []
    let states = 0
    let harmed = 0
    let next = first
    let toldAt = 0
    const lanes = Math.max(1, Math.min(availableParallelism(), Math.ceil(wanted / 1_000)))
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        const worker = new Worker(new URL(import.meta.url), { workerData: 'blob-crash' })
        try {
          while (states < wanted) {
            const tally = await ask(worker, next++)
            states += tally.states
            harmed += tally.harmed
            if (tally.violation !== undefined) {
              violations.push(tally.violation)
              say(tally.violation)
            }
            if (states - toldAt >= 50_000) {
              toldAt = states
              say(`${states} states, ${harmed} of them harmed as well, ${violations.length} violations, next seed ${next}`)
            }
          }
        } finally {
          await worker.terminate()
        }
      }),
    )
    return {
      name: `violations in ${states} crash states (seeds ${first} to ${next - 1}), planted mistakes missed`,
      value: violations.length + missed,
      unit: 'violations',
      goal: `0 in >= ${wanted} states`,
      peer: `${Object.keys(plantedBugs).length + Object.keys(plantedInObjects).length} planted mistakes`,
      holds: violations.length + missed === 0 && states >= wanted,
    }
  },
}

function ask(worker: Worker, seed: number): Promise<Tally> {
  return new Promise((resolve, reject) => {
    worker.once('message', (tally: Tally) => {
      worker.off('error', reject)
      resolve(tally)
    })
    worker.once('error', reject)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
    worker.postMessage(seed)
  })
}

async function tallyOf(seed: number): Promise<Tally> {
  try {
    const files = await simulate(seed, simLives(seed), { variants: 6 })
    const objects = await simulateObjects(seed, objectLives(seed))
    return { states: files.states + objects.states, harmed: files.harmed }
  } catch (error) {
    if (error instanceof Violation) return { states: 0, harmed: 0, violation: error.message }
    throw error
  }
}

if (!isMainThread && workerData === 'blob-crash') {
  parentPort?.on('message', async (seed: number) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
    parentPort?.postMessage(await tallyOf(seed))
  })
}
