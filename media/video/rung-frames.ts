/** The part of a chunk's filter graph that makes the frames of each rung out of one decode. Pure. */
import type { PlannedRung, VideoPlan } from '../../domain/plans.ts'
import { pictureFilters, type PictureTools } from './picture-filter.ts'

/** The label under which a rung's frames leave the graph. */
export function frameLabel({ index }: Pick<PlannedRung, 'index'>): string {
  return `[r${index}]`
}

/**
 * What the smaller rungs are scaled with: zimg, where this ffmpeg has it, by the very kernel that swscale's `bicubic` is. Its
 * scaling takes three fifths of swscale's time.
 */
const scaleBy = (tools: PictureTools, width: number, height: number) =>
  tools.zscale ? `zscale=w=${width}:h=${height}:filter=bicubic:param_a=0:param_b=0.6` : `scale=w=${width}:h=${height}:flags=bicubic`
/** zimg goes by what a frame says of itself, and refuses what it does not know: by now they all are the same. */
const uniform = 'setparams=field_mode=prog:range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709'

/** The chains of the graph, from the decoder to every rung's {@link frameLabel}; `grid` are the filters that put frames on the plan's grid. */
export function scaledFrames(plan: VideoPlan, grid: readonly string[], tools: PictureTools): string[] {
  return [...branches(plan, grid, tools), ...plan.rungs.map((rung) => scaling(plan.rungs, rung, tools))]
}

/** From the one decode the frames of the rungs that are scaled from it, `[sr0]` and so on: those in HDR parted from the others before they are toned down. */
function branches(plan: VideoPlan, grid: readonly string[], tools: PictureTools): string[] {
  const roots = plan.rungs.filter((rung) => scaledFrom(plan.rungs, rung) === undefined)
  const [hdr, sdr] = [roots.filter(({ range }) => range), roots.filter(({ range }) => !range)]
  const source = `[0:${plan.videoStreamIndex}]`
  const toned = (rungs: readonly PlannedRung[]) => [...pictureFilters({ ...plan, rungs }, tools), ...(tools.zscale ? [uniform] : [])]
  if (hdr.length === 0) return [`${source}${[...grid, ...toned(plan.rungs)].join(',')},${split(sdr)}`]
  if (sdr.length === 0) return [`${source}${grid.join(',')},${split(hdr)}`]
  const shown = plan.rungs.filter(({ range }) => !range)
  return [`${source}${grid.join(',')},split=2[sdr][hdr]`, `[sdr]${toned(shown).join(',')},${split(sdr)}`, `[hdr]${split(hdr)}`]
}

function split(rungs: readonly PlannedRung[], own = ''): string {
  return `split=${rungs.length + (own ? 1 : 0)}${own}${rungs.map(({ index }) => `[sr${index}]`).join('')}`
}

/**
 * The rung whose frames a rung's are made of: the least that is as large, or twice as large at least, so that nothing is
 * blurred twice. None where that is the decoded picture itself.
 */
function scaledFrom(rungs: readonly PlannedRung[], rung: PlannedRung): PlannedRung | undefined {
  if (rung.range) return undefined
  const before = rungs.filter(({ range }) => !range)
  const fits = ({ width, height }: PlannedRung) =>
    (width === rung.width && height === rung.height) || (width >= 2 * rung.width && height >= 2 * rung.height)
  return before.slice(1, before.indexOf(rung)).findLast(fits)
}

/** From `[srN]` the frames `[rN]` of a rung, and of those that are made of them. */
function scaling(rungs: readonly PlannedRung[], rung: PlannedRung, tools: PictureTools): string {
  const { index, width, height, range } = rung
  const from = scaledFrom(rungs, rung) ?? (range ? undefined : rungs.find((other) => !other.range))
  const isSame = from?.width === width && from.height === height
  const scaled = `${scaleBy(range ? { zscale: false } : tools, width, height)},setsar=1`
  const filters = range ? `${scaled},format=yuv420p10le` : isSame ? 'null' : scaled
  const children = rungs.filter((other) => scaledFrom(rungs, other) === rung)
  return `[sr${index}]${filters}${children.length > 0 ? `,${split(children, frameLabel(rung))}` : frameLabel(rung)}`
}
