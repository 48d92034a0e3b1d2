import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSamplePhoto } from '../media/sample/photo.ts'
import { startInstance } from '../tests/e2e/support/instance.ts'
import { descendants, processes } from '../tests/e2e/support/processes.ts'
import { createApiClient } from '../workers/api-client.ts'
import { median } from './median.ts'
import type { Bench } from './types.ts'

const ROUNDS = 5
const GOAL = 1.15
const PHOTOS_A_ROUND = 16

/** The 15 outputs: JPEG, WebP and AVIF at five widths. */
const PRESET = 'full'

/**
 * CPU time of our own processes (API, workers, decoding children, origin) for photos that go the whole way:
 * upload, Temporal, isolation, packed and durable storage, outbox, event. Against the same renditions, and all that is
 * told of the picture, made by calling the function. Engines are not counted: they are the user's choice, and what
 * they do for a photo depends little on what is made of it. Arguments: FOLDER PRESET ROUNDS.
 */
export const bench: Bench = {
  name: 'pipeline-overhead',
  claim: 'A photo that goes the whole way costs our processes little more CPU than calling the rendering function.',
  goal: `median ratio <= ${GOAL}`,
  async run({ scratch, args, say }) {
    const [folder, preset = PRESET, rounds = ROUNDS] = args
    const photos = folder === undefined ? [await drawPhoto(scratch)] : await photosIn(folder)
    if (photos.length === 0) throw new Error(`there is no JPEG in ${folder}`)
    const batch = Array.from({ length: PHOTOS_A_ROUND }, (_, index) => photos[index % photos.length] ?? '')
    const bare = fork(join(import.meta.dirname, 'pipeline-overhead', 'bare.ts'), [preset], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const running = await startInstance(join(scratch, 'home'))
    const client = createApiClient(running.instance.api, running.instance.apiKey)
    const wholeWay = async (): Promise<CpuMs> => {
      const before = cpuMsOfOurs(running.child.pid ?? 0)
      // All at once, as under load: what idles between two photos is no cost of a photo.
      await Promise.all(
        batch.map(async (path) => {
          const { id } = await client.upload(await readFile(path), 'image/jpeg', { preset })
          const item = await client.follow(id, () => {})
          if (item.state !== 'ready') throw new Error(`${path} ended as ${item.state}`)
        }),
      )
      const after = cpuMsOfOurs(running.child.pid ?? 0)
      return { main: after.main - before.main, decoding: after.decoding - before.decoding }
    }
    const direct = async (): Promise<number> => {
      bare.send(batch)
      return ((await once(bare, 'message')) as [number])[0]
    }
    const ratios: number[] = []
    try {
      for (let round = 0; round <= Number(rounds); round++) {
        const { main, decoding } = await wholeWay()
        const ours = main + decoding
        const peer = await direct()
        if (round > 0) ratios.push(ours / peer)
        const each = (ms: number) => `${(ms / batch.length).toFixed(0)} ms`
        say(
          `${round === 0 ? 'warm-up' : `round ${round}`}: whole way ${each(ours)} (decoding children ${each(decoding)}, all else ${each(main)}), function ${each(peer)} CPU a photo; ratio ${(ours / peer).toFixed(3)}`,
        )
      }
    } finally {
      bare.disconnect()
      await running.stop()
    }
    const value = median(ratios)
    return {
      name: 'pipeline-overhead',
      value: Number(value.toFixed(3)),
      unit: `CPU of our processes end to end / CPU of the function, preset ${preset}`,
      goal: `<= ${GOAL}`,
      peer: 'the same renditions by calling createDeveloper() in one process',
      holds: value <= GOAL,
    }
  },
}

interface CpuMs {
  readonly main: number
  readonly decoding: number
}

/** utime and stime of proc_pid_stat(5), with those of children that have ended, in hundredths of a second: of every process of ours that runs Node. */
function cpuMsOfOurs(pid: number): CpuMs {
  const all = processes()
  const ours = new Set(descendants(pid, all))
  const sum = (rows: typeof all) => rows.reduce((ms, { ticks }) => ms + ticks * 10, 0)
  return {
    main: sum(all.filter((row) => row.pid === pid)),
    decoding: sum(all.filter((row) => ours.has(row.pid) && row.command.includes('media/image'))),
  }
}

async function photosIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /\.jpe?g$/i.test(name))
  return names.toSorted().map((name) => join(folder, name))
}

async function drawPhoto(scratch: string): Promise<string> {
  const path = join(scratch, 'photo.jpg')
  await writeFile(path, await makeSamplePhoto())
  return path
}
