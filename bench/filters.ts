import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { fitFilter } from '../media/filters/fit/choose.ts'
import { meanDifference } from '../media/filters/fit/colour-difference.ts'
import { filtersIn, type Pair, pairsOf } from '../media/filters/fit/pairs.ts'
import { applyLut, cornerMask, frameCubesOf, filters, lutOf } from '../media/filters/index.ts'
import { lookFiles, lookFilters } from '../media/video/picture-filter.ts'
import { renderCss } from './filters/css.ts'
import { median } from './median.ts'
import type { Bench } from './types.ts'

const GOAL = 5
const CSS_RATIO_GOAL = 0.5
const MS_GOAL = 35
const VIDEO_GOAL = 1
const ROUNDS = 9
/** One pixel in so many speaks for a picture of the peer. */
const CSS_STEP = 11

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The filters against what Instagram made of the same photos; FOLDER holds original/ and instagram/. */
export const bench: Bench = {
  name: 'filters',
  claim: 'Filters come close to what Instagram made of photos that they were not fitted to. Takes the folder of photos.',
  goal: `mean dE76 <= ${GOAL}, <= ${CSS_RATIO_GOAL} of the CSS formulas', <= ${MS_GOAL} ms, video within ${VIDEO_GOAL} dE76`,
  async run({ scratch, args, tools, say }) {
    const [folder] = args
    if (folder === undefined) throw new Error('name the folder with original/ and instagram/')
    const ours: number[] = []
    const [oursWithPeer, css]: [number[], number[]] = [[], []]
    let last: Pair | undefined
    for (const [name, photos] of await filtersIn(folder)) {
      const pairs = await pairsOf(folder, name, photos)
      last = pairs[0]
      const { leftOut } = fitFilter(pairs)
      ours.push(leftOut)
      const peers = pairs.flatMap(({ before, after }) => {
        const rendered = renderCss(name, thinned(before))
        return rendered ? [meanDifference(rendered, thinned(after))] : []
      })
      if (peers.length > 0) {
        oursWithPeer.push(leftOut)
        css.push(mean(peers))
      }
      say(`${name.padEnd(12)} ${leftOut.toFixed(2)}${peers.length > 0 ? `   CSS formula ${mean(peers).toFixed(2)}` : ''}`)
    }
    if (!last) throw new Error('there are no pictures')
    const ratio = mean(oursWithPeer) / mean(css)
    say(
      `over the ${css.length} filters with a CSS formula: ours ${mean(oursWithPeer).toFixed(2)}, theirs ${mean(css).toFixed(2)}, ratio ${ratio.toFixed(3)}`,
    )
    const [flatMs, radialMs, sharpMs] = await timings()
    say(
      `1440x1080: ${flatMs.toFixed(1)} ms, with a radial term ${radialMs.toFixed(1)} ms; sharp's linear and recomb ${sharpMs.toFixed(1)} ms`,
    )
    const video = Math.max(...videoDifferences(scratch, tools['ffmpeg'] ?? 'ffmpeg', last))
    say(`ffmpeg's frame against ours: at most ${video.toFixed(3)} dE76 in the mean`)
    const value = mean(ours)
    return {
      name: 'filters',
      value: Number(value.toFixed(3)),
      unit: `mean dE76 over ${ours.length} filters, photos left out of the fit`,
      goal: `<= ${GOAL}`,
      peer: `CSS formulas ${mean(css).toFixed(2)} (ratio ${ratio.toFixed(2)} on ${css.length}); sharp ${sharpMs.toFixed(0)} ms, ours ${flatMs.toFixed(0)} and ${radialMs.toFixed(0)} ms; video ${video.toFixed(2)} dE76`,
      holds: value <= GOAL && ratio <= CSS_RATIO_GOAL && Math.max(flatMs, radialMs) <= MS_GOAL && video <= VIDEO_GOAL,
    }
  },
}

function thinned(pixels: Uint8Array): Uint8Array {
  return pixels.filter((_, at) => Math.floor(at / 3) % CSS_STEP === 0)
}

const named = (radial: boolean) => filters.filter((filter) => (filter.radial !== undefined) === radial)

/** Medians in ms at 1440x1080: a flat filter, a radial one, sharp's nearest own chain from pixels to pixels. */
async function timings(): Promise<[flat: number, radial: number, sharp: number]> {
  const [width, height, channels] = [1440, 1080, 3] as const
  const data = Uint8Array.from({ length: width * height * channels }, (_, at) => (at * 31 + (at >> 9)) % 256)
  const luts = [false, true].map((radial) =>
    lutOf(named(radial)[0] ?? filters[0] ?? { colour: { degree: 0, red: [], green: [], blue: [] } }),
  )
  const times: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    for (const [side, lut] of luts.entries()) {
      const copy = Uint8Array.from(data)
      const begun = performance.now()
      applyLut({ data: copy, width, height, channels }, lut)
      times[side]?.push(performance.now() - begun)
    }
    const begun = performance.now()
    await sharp(data, { raw: { width, height, channels } })
      .linear([1.1, 1, 0.9], [-4, 0, 6])
      .recomb([
        [0.9, 0.1, 0],
        [0, 1, 0],
        [0, 0.1, 0.9],
      ])
      .raw()
      .toBuffer()
    times[2].push(performance.now() - begun)
  }
  return [median(times[0]), median(times[1]), median(times[2])]
}

/** A lossless frame through ffmpeg as a video's is, against the same pixels filtered as a photo's are. */
function videoDifferences(scratch: string, ffmpeg: string, { before, width, height }: Pair): number[] {
  const frame = join(scratch, 'frame.rgb')
  writeFileSync(frame, before)
  writeFileSync(join(scratch, lookFiles.mask), Buffer.concat([Buffer.from(`P5 ${width} ${height} 255\n`), cornerMask(width, height)]))
  return [...named(false).slice(0, 3), ...named(true).slice(0, 3)].map((filter) => {
    const { centre, corners } = frameCubesOf(lutOf(filter), filter.title)
    writeFileSync(join(scratch, lookFiles.centre), centre)
    if (corners !== undefined) writeFileSync(join(scratch, lookFiles.corners), corners)
    const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24']
    const graph = [...lookFilters(corners !== undefined), 'format=rgb24'].join(',')
    const made = execFileSync(
      ffmpeg,
      ['-v', 'error', ...raw, '-s', `${width}x${height}`, '-i', frame, '-filter_complex', graph, ...raw, '-'],
      {
        cwd: scratch,
        maxBuffer: 2 * before.length,
      },
    )
    const ours = Uint8Array.from(before)
    applyLut({ data: ours, width, height, channels: 3 }, lutOf(filter))
    return meanDifference(ours, made)
  })
}
