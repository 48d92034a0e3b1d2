import { changesColours, sharpeningOf } from '../../domain/edits.ts'
import { type Frame, type Size, sizeBeforeStraightening, turningOf } from '../../domain/framing.ts'
import type { VideoPlan } from '../../domain/plans.ts'

/** What the machine's ffmpeg can do beyond the least that is asked of it. */
export interface PictureTools {
  readonly zscale: boolean
  /** Whether the plan's filter looks different in the corners. */
  readonly corners?: boolean
}

/** swscale's and zscale's names of what a source's colours are. */
const matrices = { full: 'bt709', bt601: 'smpte170m', bt2020: 'bt2020', pq: 'bt2020', hlg: 'bt2020' } as const
const transfers = { pq: 'smpte2084', hlg: 'arib-std-b67' } as const
/** The file names, in the run's own folder, under which a filter's cubes are put, and the mask they are mixed by. */
export const lookFiles = { centre: 'centre.cube', corners: 'corners.cube', mask: 'corners.pgm' } as const

/** Options that have VP8 and VP9 decoded by libvpx, since ffmpeg's own decoders leave out the transparency. */
export function alphaDecoder({ alpha, videoStreamIndex }: Pick<VideoPlan, 'alpha' | 'videoStreamIndex'>): string[] {
  if (alpha !== 'vpx8' && alpha !== 'vpx9') return []
  return [`-c:${videoStreamIndex}`, alpha === 'vpx8' ? 'libvpx' : 'libvpx-vp9']
}

/**
 * What makes an interlaced source progressive. It looks at the frames before and after each, so it comes first
 * of all filters, before any that drops frames: then a chunk's outermost frames have their neighbours too.
 */
export function deinterlacing({ interlaced }: Pick<VideoPlan, 'interlaced'>): string[] {
  return interlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []
}

/**
 * The filters that bring a decoded, progressive frame to the ladder's largest size: square pixels, SDR
 * BT.709 limited range, transparent parts on black, and the plan's look. ffmpeg turns rotated frames upright before the first of them.
 * One scaling comes first, so that tone mapping and the look work on no more pixels than are shown.
 */
export function pictureFilters(
  plan: Pick<VideoPlan, 'rungs' | 'colour' | 'filter' | 'edits' | 'alpha' | 'frame'>,
  tools: PictureTools,
): string[] {
  const top = plan.rungs[0]
  if (!top) throw new Error('a plan without rungs')
  const { colour } = plan
  const hdr = colour === 'pq' || colour === 'hlg' ? colour : null
  const look = !changesColours(plan) ? [] : lookFilters(tools.corners ?? false)
  const shape = shapeFilters(plan.frame, top)
  const out = 'out_color_matrix=bt709:out_range=tv'
  const sharpening = sharpeningOf(plan)
  const sharpen = sharpening === 0 ? [] : [`unsharp=lx=5:ly=5:la=${sharpening}:ca=0`]
  const flatten = plan.alpha === undefined ? [] : ['premultiply=inplace=1']
  if (hdr && tools.zscale) {
    return [
      ...flatten,
      ...shape.before,
      shape.size,
      // 10 bits are enough for what comes next; the tags are said again because many files lack them.
      'format=yuv420p10le',
      ...shape.after,
      `zscale=tin=${transfers[hdr]}:min=2020_ncl:pin=2020:rin=tv:t=linear:npl=203`,
      'format=gbrpf32le',
      'zscale=p=709',
      'tonemap=tonemap=hable:desat=0',
      'zscale=t=709:m=709:r=tv',
      'format=yuv420p',
      ...(look.length > 0 ? ['scale=in_color_matrix=bt709', ...look, `scale=${out}`, 'format=yuv420p'] : []),
      ...sharpen,
      'setsar=1',
    ]
  }
  const matrix = `in_color_matrix=${colour === undefined ? 'bt709' : matrices[colour]}`
  return [
    ...flatten,
    ...shape.before,
    // With nothing to convert the colours are not mentioned: ffmpeg then passes a frame of the right size on as it is.
    ...(look.length > 0
      ? [`${shape.size}:${matrix}`, ...shape.after, ...look, `scale=${out}`]
      : [colour === undefined ? shape.size : `${shape.size}:${matrix}:${out}`, ...shape.after]),
    'format=yuv420p',
    ...sharpen,
    'setsar=1',
  ]
}

/**
 * What brings a frame to the size that is shown: the part of it, mirrored and turned, before the one scaling, and
 * straightened after it, since only then pixels are square. A part is told in shares of the sides: what is decoded
 * may have other sides than are shown.
 */
function shapeFilters(frame: Frame | undefined, top: Size): { readonly before: string[]; readonly size: string; readonly after: string[] } {
  const scaleTo = ({ width, height }: Size) => `scale=w=${width}:h=${height}`
  if (!frame) return { before: [], size: scaleTo(top), after: [] }
  const { crop, of, orientation, straighten } = frame
  const { mirrored, turn } = turningOf(orientation)
  const whole = crop.width === of.width && crop.height === of.height
  const part = `w=iw*${crop.width}/${of.width}:h=ih*${crop.height}/${of.height}:x=iw*${crop.left}/${of.width}:y=ih*${crop.top}/${of.height}`
  const turns: Readonly<Record<number, string[]>> = { 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] }
  const before = [...(whole ? [] : [`crop=${part}`]), ...(mirrored ? ['hflip'] : []), ...(turns[turn] ?? [])]
  if (straighten === 0) return { before, size: scaleTo(top), after: [] }
  const turned = sizeBeforeStraightening(frame, top)
  const even = { width: turned.width + (turned.width % 2), height: turned.height + (turned.height % 2) }
  const angle = ((straighten * Math.PI) / 180).toFixed(6)
  return { before, size: scaleTo(even), after: [`rotate=a=${angle}:ow=${top.width}:oh=${top.height}`] }
}

/** A filter over RGB frames; with `corners`, both cubes over the same frame, mixed by the mask, one for all frames. */
export function lookFilters(corners: boolean): string[] {
  const lookup = (file: string) => `lut3d=file=${file}:interp=tetrahedral`
  if (!corners) return ['format=gbrp', lookup(lookFiles.centre)]
  const branches = [
    `split=2[centre][corners];movie=${lookFiles.mask},format=gbrp[mask]`,
    `[centre]${lookup(lookFiles.centre)}[centred]`,
    `[corners]${lookup(lookFiles.corners)}[cornered]`,
    '[centred][cornered][mask]maskedmerge',
  ]
  return ['format=gbrp', branches.join(';')]
}
