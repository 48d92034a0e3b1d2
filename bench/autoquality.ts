import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import sharp from 'sharp'
import { limits } from '../domain/limits.ts'
import { planImage } from '../domain/plan-image.ts'
import type { ImageFormat } from '../domain/plans.ts'
import { auto } from '../domain/presets/auto.ts'
import { createTargetEncoder } from '../media/image/auto-quality.ts'
import { createDecoder } from '../media/image/decode.ts'
import { encoders } from '../media/image/encoders.ts'
import { examine } from '../media/image/examine.ts'
import { type Picture, sizerOf } from '../media/image/picture.ts'
import { photosFor } from './image-ladder/compare.ts'
import { type Pixels, ssim } from './images/metrics.ts'
import type { Bench } from './types.ts'

const FIXED = 80
const GOAL = 0.85

interface Side {
  bytes: number
  /** Weakest of all files. */
  ssim: number
  cpuMs: number
}

/** Files of the preset `auto`, against the same pixels at a fixed quality; SSIM by the bench's own implementation. */
export const bench: Bench = {
  name: 'autoquality',
  claim: 'A target for each file takes at least 15% fewer bytes than a fixed quality of 80, and the weakest file looks no worse.',
  goal: `JPEG bytes <= ${GOAL} of fixed, weakest SSIM no lower`,
  async run({ scratch, args, say }) {
    const formats = new Map<ImageFormat, { auto: Side; fixed: Side }>()
    sharp.concurrency(1)
    for (const path of await photosFor(args[0], scratch)) await comparePhoto(path, formats, say)
    for (const [format, { auto: ours, fixed }] of formats)
      say(
        `${format}: ${(ours.bytes / fixed.bytes).toFixed(3)} of the bytes, weakest SSIM ${ours.ssim.toFixed(4)} against ${fixed.ssim.toFixed(4)}, ${(ours.cpuMs / fixed.cpuMs).toFixed(1)} times the CPU of encoding`,
      )
    const jpeg = formats.get('jpeg')
    if (!jpeg) throw new Error('the preset auto makes no JPEG')
    const value = jpeg.auto.bytes / jpeg.fixed.bytes
    return {
      name: 'autoquality',
      value: Number(value.toFixed(3)),
      unit: `bytes by those of fixed quality; weakest SSIM ${jpeg.auto.ssim.toFixed(4)} against ${jpeg.fixed.ssim.toFixed(4)}`,
      goal: `<= ${GOAL}, SSIM no lower`,
      peer: `the same pixels as JPEG of quality ${FIXED}`,
      holds: value <= GOAL && jpeg.auto.ssim >= jpeg.fixed.ssim,
    }
  },
}

async function comparePhoto(path: string, formats: Map<ImageFormat, { auto: Side; fixed: Side }>, say: (line: string) => void) {
  const decode = createDecoder(limits)
  const encodeTo = createTargetEncoder(() => {})
  const bytes = await readFile(path)
  const header = examine(bytes, limits)
  const { renditions } = planImage(header.probe, auto, { filter: null, version: 1 })
  const [largest] = renditions
  if (!largest) throw new Error('a plan without renditions')
  const sized = sizerOf(await decode(bytes, header, { width: largest.width, height: largest.height }))
  const qualities: string[] = []
  for (const { width, height, format, quality, ssim: target = 1 } of renditions) {
    const picture = await sized(width, height)
    const sides = formats.get(format) ?? { auto: { bytes: 0, ssim: 1, cpuMs: 0 }, fixed: { bytes: 0, ssim: 1, cpuMs: 0 } }
    formats.set(format, sides)
    await add(sides.fixed, picture, () => encoders[format](picture, FIXED))
    await add(sides.auto, picture, async () => {
      const found = await encodeTo(picture, format, quality, target)
      qualities.push(`${format} ${width}: ${found.quality}`)
      return found.data
    })
  }
  say(`${basename(path)}: ${qualities.join(', ')}`)
}

async function add(side: Side, picture: Picture, encode: () => Promise<Uint8Array>): Promise<void> {
  const before = process.cpuUsage()
  const data = await encode()
  const { user, system } = process.cpuUsage(before)
  side.cpuMs += (user + system) / 1_000
  side.bytes += data.length
  side.ssim = Math.min(side.ssim, ssim(picture, await pixelsOf(data)))
}

async function pixelsOf(file: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(file, { ignoreIcc: true }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}
