/** A clip that costs a ladder what films do: smooth gradients, which drawn clips are made of, cost it next to nothing. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** The still that is panned over, a fifth larger than the picture. */
const STILL = '2304:1296'
/** Noise of these sizes, enlarged and laid over each other: as much contrast at each scale, as natural pictures have. */
const OCTAVES = ['9x5', '18x10', '36x20', '72x40', '144x81', '576x324']
const DRAWN_SECONDS = 8
const FPS = 30

/** One picture, repeated: textured at every scale, in soft colours. */
function still(label: string, seed: number): string {
  const layers = OCTAVES.map((size, at) => {
    const noise = `noise=all_seed=${seed + at}:c0s=${100 - 8 * at}:c1s=40:c2s=40`
    return `color=gray:s=${size}:d=0.03,format=yuv420p,${noise},scale=${STILL}:flags=bicubic[${label}${at}]`
  })
  const contrast = `lutyuv=y='clip((val-128)*3+120,16,235)':u='clip((val-128)*2+128,16,240)':v='clip((val-128)*2+128,16,240)'`
  const mixed = `${OCTAVES.map((_, at) => `[${label}${at}]`).join('')}mix=inputs=${OCTAVES.length}`
  const repeated = `trim=end_frame=1,loop=loop=-1:size=1,setpts=N/(${FPS}*TB),trim=duration=${DRAWN_SECONDS}`
  return `${layers.join(';')};${mixed},${contrast},${repeated}[${label}]`
}

/**
 * A clip of 1080p with sound in the scratch folder, of a multiple of eight seconds: a textured picture under a camera that moves,
 * before it another one that moves otherwise, under a sensor's grain. At the rate factor of the ladder it comes to four
 * megabits a second, as films do.
 */
export async function makeNaturalClip(ffmpeg: string, scratch: string, seconds: number): Promise<string> {
  const wave = (share: number, period: number, at: 'sin' | 'cos' = 'sin') => `(0.5+${share}*${at}(2*PI*t/${period}))`
  const graph = [
    still('back', 1),
    still('front', 50),
    '[front]crop=800:800[patch]',
    `[back][patch]overlay=x='(W-w)*${wave(0.45, 5)}':y='(H-h)*${wave(0.4, 4, 'cos')}'[scene]`,
    `[scene]crop=1920:1080:x='(in_w-out_w)*${wave(0.5, 8)}':y='(in_h-out_h)*${wave(0.5, 4)}',noise=alls=4:allf=t,fps=${FPS},format=yuv420p,setsar=1[v]`,
    `aevalsrc='0.2*sin(2*PI*220*t)*sin(2*PI*t/4)|0.2*sin(2*PI*330*t)':s=48000:d=${DRAWN_SECONDS}[a]`,
  ]
  const picture = `-c:v libx264 -preset veryfast -crf 20 -g ${FPS * 2}`
  const colours = '-color_primaries bt709 -color_trc bt709 -colorspace bt709'
  const drawn = join(scratch, 'drawn.mp4')
  const target = join(scratch, 'clip.mp4')
  const quiet = ['-v', 'error', '-nostdin', '-y']
  const maps = ['-map', '[v]', '-map', '[a]', '-t', `${DRAWN_SECONDS}`]
  const encoding = `${picture} ${colours} -c:a aac -b:a 128k`.split(' ')
  await run(ffmpeg, [...quiet, '-filter_complex', graph.join(';'), ...maps, ...encoding, drawn])
  const loops = `${Math.ceil(seconds / DRAWN_SECONDS) - 1}`
  await run(ffmpeg, [...quiet, '-stream_loop', loops, '-i', drawn, '-c', 'copy', '-movflags', '+faststart', target])
  return target
}
