import { readFile } from 'node:fs/promises'
import { limits } from '../domain/limits.ts'
import { standard } from '../domain/presets/standard.ts'
import { codeOf } from '../domain/errors.ts'
import { createImageStudio } from '../media/image/studio.ts'
import { filesBelow, forEach, residentBytes } from './images/files.ts'
import { developWhole, openVideos } from './images/motion.ts'
import type { Bench } from './types.ts'

const SLOTS = 2
const ITEMS = 1_000
const GOAL_BYTES = 700_000_000
/** The last quarter may keep this much more than the second: what grows with every item would show. */
const FLAT_RATIO = 1.1
const LOOK_MS = 20

/** Resident memory of the studio's process and its children together, over many items: the files of a folder, again and again. */
export const bench: Bench = {
  name: 'image-memory',
  claim:
    'Two image slots stay below 700 MB of resident memory, children included, however many items they have done. Arguments: FOLDER COUNT.',
  goal: `peak <= ${GOAL_BYTES / 1e6} MB, last quarter <= ${FLAT_RATIO} times the second`,
  async run({ args, tools, scratch, say }) {
    const count = Number(args[1] ?? ITEMS)
    const paths = await filesBelow(args[0])
    const studio = createImageStudio({ slots: SLOTS, limits })
    const studios = { images: studio, videos: openVideos({ tools, scratch }), scratch }
    const peaks = [0, 0, 0, 0]
    const refusals = new Map<string, number>()
    let done = 0
    const looking = setInterval(() => {
      void Promise.all([process.pid, ...studio.pids()].map(async (pid) => await residentBytes(pid, 'VmRSS'))).then((each) => {
        const quarter = Math.min(3, Math.floor((4 * done) / count))
        peaks[quarter] = Math.max(
          peaks[quarter] ?? 0,
          each.reduce((sum, bytes) => sum + bytes, 0),
        )
      })
    }, LOOK_MS)
    try {
      await forEach(Array.from({ length: count }), SLOTS, async (_, index) => {
        const original = await readFile(paths[index % paths.length] ?? '')
        await developWhole(studios, original, standard).catch((error: unknown) =>
          refusals.set(codeOf(error), (refusals.get(codeOf(error)) ?? 0) + 1),
        )
        // As the pipeline's activities do with what they have read.
        original.buffer.transfer(0)
        done++
      })
    } finally {
      clearInterval(looking)
      await studio.close()
    }
    say(
      `${count} items of ${paths.length} files; refused: ${[...refusals].map(([code, times]) => `${times} ${code}`).join(', ') || 'none'}`,
    )
    say(`peak of each quarter: ${peaks.map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`).join(', ')}`)
    const peak = Math.max(...peaks)
    return {
      name: 'image-memory',
      value: Math.round(peak / 1e6),
      unit: `MB at most over ${count} items`,
      goal: `<= ${GOAL_BYTES / 1e6}, flat`,
      peer: 'none',
      holds: peak <= GOAL_BYTES && (peaks[3] ?? 0) <= FLAT_RATIO * (peaks[1] ?? 0),
    }
  },
}
