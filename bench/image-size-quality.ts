import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import sharp from 'sharp'
import { limits } from '../domain/limits.ts'
import { planImage } from '../domain/plan-image.ts'
import { standard } from '../domain/presets/standard.ts'
import { createDecoder } from '../media/image/decode.ts'
import { examine } from '../media/image/examine.ts'
import { sizerOf } from '../media/image/picture.ts'
import { photosFor } from './image-ladder/compare.ts'
import { lanczos } from './images/lanczos.ts'
import { psnr, ssim } from './images/metrics.ts'
import type { Bench } from './types.ts'

const DB_GOAL = 46
const SSIM_GOAL = 0.995

/** Pixels of each size before any encoder, against Lanczos straight from the full decode. */
export const bench: Bench = {
  name: 'image-size-quality',
  claim: 'Every size of the ladder looks like Lanczos from all pixels of the photo.',
  goal: `weakest >= ${DB_GOAL} dB and SSIM >= ${SSIM_GOAL}`,
  async run({ scratch, args, say }) {
    const decode = createDecoder(limits)
    let [weakestDb, weakestSsim, sizes] = [Infinity, 1, 0]
    for (const path of await photosFor(args[0], scratch)) {
      const bytes = await readFile(path)
      const header = examine(bytes, limits)
      const widths = new Map(
        planImage(header.probe, standard, { filter: null, version: 1 }).renditions.map(({ width, height }) => [width, height]),
      )
      const [[topWidth, topHeight] = [0, 0]] = widths
      const top = await decode(bytes, header, { width: topWidth, height: topHeight })
      const sized = sizerOf(top)
      const all = await sharp(bytes).autoOrient().toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true })
      for (const [width, height] of widths) {
        const ours = await sized(width, height)
        const reference = lanczos({ data: all.data, width: all.info.width, height: all.info.height, channels: 3 }, width, height)
        const [db, similarity] = [psnr(ours, reference), ssim(ours, reference)]
        say(`${basename(path)} ${width} x ${height}: ${db.toFixed(1)} dB, SSIM ${similarity.toFixed(4)}`)
        weakestDb = Math.min(weakestDb, db)
        weakestSsim = Math.min(weakestSsim, similarity)
        sizes++
      }
    }
    return {
      name: 'image-size-quality',
      value: Number(weakestDb.toFixed(1)),
      unit: `dB, weakest of ${sizes} sizes; SSIM ${weakestSsim.toFixed(4)}`,
      goal: `>= ${DB_GOAL} dB, SSIM >= ${SSIM_GOAL}`,
      peer: 'full decode, then Lanczos in floating point',
      holds: weakestDb >= DB_GOAL && weakestSsim >= SSIM_GOAL,
    }
  },
}
