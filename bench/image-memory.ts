import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { imageWorkerAllocator } from '../workers/allocator.ts'
import type { Task } from './image-memory/worker.ts'
import { descendantsOf, filesBelow, residentBytes } from './images/files.ts'
import type { Bench } from './types.ts'

const SLOTS = 2
const ITEMS = 1_000
const GOAL_BYTES = 640_000_000
/**
 * Of so many items at the end and after the beginning, which is half as many again, the means are compared: what grows with every item
 * would show. A process takes some 150 items until the collector has found its pace.
 */
const COMPARED_ITEMS = 100
const FLAT_RATIO = 1.05
const LOOK_MS = 20

/** What was seen while items `from` to `until` were under way: sums and peaks, since a list of looks would itself grow with every item. */
class Span {
  readonly #from: number
  readonly #until: number
  #looks = 0
  readonly #sum = { own: 0, children: 0 }
  readonly #most = { own: 0, children: 0, all: 0 }

  constructor(from: number, until: number) {
    this.#from = from
    this.#until = until
  }

  add(done: number, own: number, children: number): void {
    if (done < this.#from || done >= this.#until) return
    this.#looks++
    this.#sum.own += own
    this.#sum.children += children
    this.#most.own = Math.max(this.#most.own, own)
    this.#most.children = Math.max(this.#most.children, children)
    this.#most.all = Math.max(this.#most.all, own + children)
  }

  get mean(): number {
    return (this.#sum.own + this.#sum.children) / this.#looks
  }

  get peak(): number {
    return this.#most.all
  }

  get told(): string {
    const part = (of: 'own' | 'children') => `${megabytes(this.#sum[of] / this.#looks)} (at most ${megabytes(this.#most[of])})`
    return `${part('own')} MB the process itself, ${part('children')} MB its children`
  }
}

/** Resident memory of a process with a studio and of its children together, seen from outside, over many items: the files of a folder, again and again. */
export const bench: Bench = {
  name: 'image-memory',
  claim:
    'Two image slots stay below 640 MB of resident memory, children and what they start included, however many items they have done. Arguments: FOLDER COUNT.',
  goal: `peak <= ${GOAL_BYTES / 1e6} MB; mean of the last ${COMPARED_ITEMS} items <= ${FLAT_RATIO} times that of ${COMPARED_ITEMS} after the beginning`,
  async run({ args, tools, say }) {
    const count = Number(args[1] ?? ITEMS)
    const paths = await filesBelow(args[0])
    // Whole turns of the folder, where there are any: each of its files is in both means as often.
    const wanted = Math.min(COMPARED_ITEMS, Math.floor(count / 6))
    const compared = wanted - (wanted < paths.length ? 0 : wanted % paths.length)
    const spans = { all: new Span(0, count), early: new Span(1.5 * compared, 2.5 * compared), late: new Span(count - compared, count) }
    const refusals = new Map<string, number>()
    let done = 0
    const task: Task = { slots: SLOTS, count, paths, tools }
    const worker = fork(join(import.meta.dirname, 'image-memory', 'worker.ts'), [JSON.stringify(task)], {
      execArgv: [],
      env: { ...process.env, ...imageWorkerAllocator },
    })
    const pid = worker.pid ?? 0
    worker.on('message', (code: string | null) => {
      if (code !== null) refusals.set(code, (refusals.get(code) ?? 0) + 1)
      done++
    })
    const look = async () => {
      const [own = 0, ...below] = await Promise.all([pid, ...(await descendantsOf(pid))].map((each) => residentBytes(each, 'VmRSS')))
      for (const span of Object.values(spans)) span.add(done, own, sumOf(below))
    }
    const looking = setInterval(() => void look(), LOOK_MS)
    const [status] = (await once(worker, 'exit')) as [number | null]
    clearInterval(looking)
    if (status !== 0 || done !== count) throw new Error(`the worker ended with ${status} after ${done} items`)
    say(
      `${count} items of ${paths.length} files; refused: ${[...refusals].map(([code, times]) => `${times} ${code}`).join(', ') || 'none'}`,
    )
    say(`after the beginning: ${spans.early.told}`)
    say(`at the end: ${spans.late.told}`)
    const { peak } = spans.all
    const growth = spans.late.mean / spans.early.mean
    return {
      name: 'image-memory',
      value: Math.round(peak / 1e6),
      unit: `MB at most over ${count} items; mean ${growth.toFixed(3)} times as much at the end as after the beginning`,
      goal: `<= ${GOAL_BYTES / 1e6}, <= ${FLAT_RATIO}`,
      peer: 'none',
      holds: peak <= GOAL_BYTES && growth <= FLAT_RATIO,
    }
  },
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
