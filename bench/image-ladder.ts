import sharp from 'sharp'
import { compareLadders, photosFor } from './image-ladder/compare.ts'
import type { Bench } from './types.ts'

const ROUNDS = 7
const GOAL = 0.5

/** The standard preset's ladder: JPEG and WebP at five widths. */
export const bench: Bench = {
  name: 'image-ladder',
  claim: "A photo's JPEG and WebP ladder takes at most half the CPU of sharp(photo).rotate().resize().toFormat() per output.",
  goal: `median ratio <= ${GOAL}`,
  async run({ scratch, args, say }) {
    const { cpuRatio } = await compareLadders('standard', await photosFor(args[0], scratch), ROUNDS, say)
    return {
      name: 'image-ladder',
      value: Number(cpuRatio.toFixed(3)),
      unit: 'CPU of ours / CPU of sharp per output',
      goal: `<= ${GOAL}`,
      peer: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, default efforts`,
      holds: cpuRatio <= GOAL,
    }
  },
}
