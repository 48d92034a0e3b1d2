/** What the makers of an HDR picture say of the screen that they made it on (SMPTE ST 2086, CTA-861.3), read and written again. Pure. */
import type { Mastering } from '../../domain/plans.ts'
import { type Demuxer, flags, openOptions, sourceUrl } from './command.ts'

/** Arguments that have ffprobe decode the first frame and tell what lies beside it, as JSON. */
export function firstFrameArguments(source: string, demuxer: Demuxer, streamIndex: number): string[] {
  return [
    ...flags('-v', 'error', ...openOptions(source, demuxer), '-select_streams', `${streamIndex}`, '-read_intervals', '%+#1'),
    ...flags('-show_frames', '-show_entries', 'frame_side_data', '-of', 'json', sourceUrl(source)),
  ]
}

/** Primaries as numbers of 0.00002, luminances of 0.0001 cd/m2: the units that they are coded in. */
const [PRIMARIES, LUMINANCES] = [50_000, 10_000]
const corners = ['red_x', 'red_y', 'green_x', 'green_y', 'blue_x', 'blue_y', 'white_point_x', 'white_point_y'] as const
const CODED_MAX = 0xffff_ffff

/** Screen and light level out of such a description; null where it says nothing of a screen, or nothing that can be. */
export function readMastering(json: string): Mastering | null {
  const { frames = [] } = JSON.parse(json) as { frames?: { side_data_list?: Record<string, unknown>[] }[] }
  const sides = frames[0]?.side_data_list ?? []
  const screen = sides.find((side) => side['side_data_type'] === 'Mastering display metadata')
  if (!screen) return null
  const coded = (name: string, units: number) => {
    const text = screen[name]
    const [above, below] = typeof text === 'string' ? text.split('/').map(Number) : []
    return Math.round(((above ?? NaN) / (below ?? NaN)) * units)
  }
  const primaries = corners.map((name) => coded(name, PRIMARIES))
  const luminances = [coded('max_luminance', LUMINANCES), coded('min_luminance', LUMINANCES)]
  if (![...primaries, ...luminances].every((value) => value >= 0 && value <= CODED_MAX)) return null
  const light = sides.find((side) => side['side_data_type'] === 'Content light level metadata')
  const levels = [Number(light?.['max_content']), Number(light?.['max_average'])]
  return { primaries, luminances, ...(levels.every((value) => value > 0 && value <= 0xffff) ? { light: levels } : {}) }
}

/** The same as x265 takes it. */
export function masteringParameters({ primaries, luminances, light }: Mastering): string[] {
  const [redX, redY, greenX, greenY, blueX, blueY, whiteX, whiteY] = primaries
  const screen = `G(${greenX},${greenY})B(${blueX},${blueY})R(${redX},${redY})WP(${whiteX},${whiteY})L(${luminances.join(',')})`
  return [`master-display=${screen}`, ...(light ? [`max-cll=${light.join(',')}`] : [])]
}
