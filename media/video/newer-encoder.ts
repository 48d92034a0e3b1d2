import type { NewerCodec, PlannedRung, VideoPlan } from '../../domain/plans.ts'
import { flags } from './command.ts'
import { VBV_INIT } from './rate-buffer.ts'
import { masteringParameters } from './mastering.ts'

/**
 * The encoder of a rung that is not H.264, one thread of it: the same grid of keyframes, closed groups, and no word about itself.
 * HEVC as `hvc1`, with its parameters in the init segment alone, as Apple's players ask.
 */
export function newerEncoder(plan: VideoPlan, rung: PlannedRung, codec: NewerCodec, threads: number, isFirst: boolean): string[] {
  return codec === 'hevc' ? hevc(plan, rung, threads, isFirst) : av1(plan, rung, threads)
}

function hevc({ gopFrames, mastering }: VideoPlan, rung: PlannedRung, threads: number, isFirst: boolean): string[] {
  const told = rung.range === 'pq' && mastering ? masteringParameters(mastering) : []
  const parameters = [
    `keyint=${gopFrames}:min-keyint=${gopFrames}:scenecut=0:open-gop=0:info=0:log-level=error`,
    `vbv-maxrate=${rung.maxKbps}:vbv-bufsize=${rung.maxKbps * 2}${isFirst ? '' : `:vbv-init=${VBV_INIT}`}`,
    ...(threads === 1 ? ['pools=none:frame-threads=1'] : []),
    ...told,
  ]
  return [
    ...flags('-metadata:s:v', 'encoder=HEVC Coding', '-tag:v', 'hvc1'),
    ...flags('-c:v', 'libx265', '-preset', 'veryfast', '-threads', `${threads}`, '-crf', `${rung.crf}`),
    ...(rung.range ? ['-profile:v', 'main10', '-pix_fmt', 'yuv420p10le'] : ['-profile:v', 'main', '-pix_fmt', 'yuv420p']),
    ...flags('-x265-params', parameters.join(':')),
    ...coloursOf(rung),
    // Of the SEI messages only those that x265 was given are wanted: it puts them before the picture (39), into the init.
    ...flags('-bsf:v', told.length > 0 ? 'filter_units=remove_types=40' : 'filter_units=remove_types=39|40'),
  ]
}

function av1({ gopFrames }: VideoPlan, rung: PlannedRung, threads: number): string[] {
  return [
    ...flags('-metadata:s:v', 'encoder=AOM Coding'),
    ...flags('-c:v', 'libsvtav1', '-preset', '9', '-pix_fmt', 'yuv420p', '-crf', `${rung.crf}`, '-g', `${gopFrames}`),
    ...flags('-svtav1-params', `scd=0:lp=${threads}:mbr=${rung.maxKbps}`),
    ...coloursOf(rung),
  ]
}

function coloursOf({ range }: PlannedRung): string[] {
  const transfer = range === 'pq' ? 'smpte2084' : 'arib-std-b67'
  const [primaries, trc, space] = range ? ['bt2020', transfer, 'bt2020nc'] : ['bt709', 'bt709', 'bt709']
  return ['-color_primaries', primaries, '-color_trc', trc, '-colorspace', space, '-color_range', 'tv'].flatMap((part) => part ?? [])
}
