/** What a video costs on its whole way through the embedded default. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodersOf, until, withoutKafka } from '../../tests/e2e/support/encoders.ts'
import { startInstance } from '../../tests/e2e/support/instance.ts'
import { descendants, processes } from '../../tests/e2e/support/processes.ts'
import { createApiClient } from '../../workers/api-client.ts'
import type { BenchContext } from '../types.ts'

/** Of one video. */
export interface Cost {
  readonly wallMs: number
  /** Of the API, workers, encoders, Temporal and PostgreSQL together; NaN where there is no /proc. */
  readonly cpuMs: number
  /** Until it could be played; NaN where it was ready as soon. */
  readonly playableMs: number
}

export interface WholeWay {
  /** From the upload's answer to the item's state `ready`. */
  develop(clip: string): Promise<Cost>
  stop(): Promise<void>
}

/** A running instance, warmed up by `warmUp` going the whole way once. */
export async function startWholeWay({ tools, scratch }: Pick<BenchContext, 'tools' | 'scratch'>, warmUp: string): Promise<WholeWay> {
  const home = join(scratch, 'home')
  const running = await startInstance(home, withoutKafka(tools))
  const client = createApiClient(running.instance.api, running.instance.apiKey)
  const develop = async (clip: string) => {
    const bytes = await readFile(clip)
    const before = cpuMsBelow(running.child.pid ?? 0)
    const { id } = await client.upload(bytes, 'video/mp4')
    const begin = performance.now()
    let playableMs = Number.NaN
    const item = await client.follow(id, ({ state }) => {
      if (state === 'playable' && Number.isNaN(playableMs)) playableMs = performance.now() - begin
    })
    const wallMs = performance.now() - begin
    if (item.state !== 'ready') throw new Error(`the clip ended as ${item.state}`)
    await until(async () => ((await encodersOf(home)).length === 0 ? true : null), 5_000)
    return { wallMs, cpuMs: cpuMsBelow(running.child.pid ?? 0) - before, playableMs }
  }
  await develop(warmUp)
  return { develop, stop: async () => void (await running.stop()) }
}

/** CPU time of a process, of all below it, and of those of them that have ended. */
function cpuMsBelow(pid: number): number {
  const all = processes()
  const tree = new Set([pid, ...descendants(pid, all)])
  return all.filter((row) => tree.has(row.pid)).reduce((ms, { ticks }) => ms + ticks * 10, 0)
}
