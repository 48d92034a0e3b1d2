import sharp from 'sharp'
import { compareLadders, photosFor } from './image-ladder/compare.ts'
import type { Bench } from './types.ts'

const ROUNDS = 7
const GOAL = 0.5
const JPEG_GOAL = 0.5

/** The standard preset's ladder, JPEG and WebP at five widths, and its JPEGs alone. */
export const bench: Bench = {
  name: 'image-ladder',
  claim:
    "A photo's JPEG and WebP ladder takes at most half the CPU of sharp(photo).rotate().resize().toFormat() per output, its JPEG ladder half of vipsthumbnail's. Arguments: FOLDER ROUNDS.",
  goal: `median ratio <= ${GOAL}, of JPEG alone to vipsthumbnail <= ${JPEG_GOAL}`,
  async run({ scratch, args, tools, say }) {
    const photos = await photosFor(args[0], scratch)
    const rounds = Number(args[1] ?? ROUNDS)
    const { cpuRatio } = await compareLadders({ preset: 'standard', peer: 'sharp' }, photos, rounds, say)
    const { vipsthumbnail = 'vipsthumbnail' } = tools
    const jpeg = await compareLadders({ preset: 'standard', format: 'jpeg', peer: { vipsthumbnail } }, photos, rounds, say)
    return {
      name: 'image-ladder',
      value: Number(cpuRatio.toFixed(3)),
      unit: `CPU of ours / CPU of sharp per output; JPEG alone / vipsthumbnail ${jpeg.cpuRatio.toFixed(3)}`,
      goal: `<= ${GOAL}, JPEG alone <= ${JPEG_GOAL}`,
      peer: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}, default efforts; the system's vipsthumbnail, a process per output`,
      holds: cpuRatio <= GOAL && jpeg.cpuRatio <= JPEG_GOAL,
    }
  },
}
