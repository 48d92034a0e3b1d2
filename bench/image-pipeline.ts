import sharp from 'sharp'
import { compareLadders, photosFor } from './image-ladder/compare.ts'
import type { Bench } from './types.ts'

const ROUNDS = 2
const GOAL = 1 / 6
const BYTES_GOAL = 1.02

/** The full preset's ladder: JPEG, WebP and AVIF at five widths, 15 outputs of a photo. */
export const bench: Bench = {
  name: 'image-pipeline',
  claim: "A photo's 15 outputs, JPEG, WebP and AVIF, take at most a sixth of the CPU of sharp per output, for the same bytes within 2%.",
  goal: `median ratio <= ${GOAL.toFixed(3)}, bytes <= ${BYTES_GOAL} times as many`,
  async run({ scratch, args, say }) {
    const { cpuRatio, bytesRatio } = await compareLadders(
      { preset: 'full', peer: 'sharp' },
      await photosFor(args[0], scratch),
      Number(args[1] ?? ROUNDS),
      say,
    )
    say(`bytes: ${bytesRatio.toFixed(4)} times as many`)
    return {
      name: 'image-pipeline',
      value: Number(cpuRatio.toFixed(3)),
      unit: `CPU of ours / CPU of sharp per output; bytes ${bytesRatio.toFixed(4)}`,
      goal: `<= ${GOAL.toFixed(3)}, bytes <= ${BYTES_GOAL}`,
      peer: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, default efforts`,
      holds: cpuRatio <= GOAL && bytesRatio <= BYTES_GOAL,
    }
  },
}
