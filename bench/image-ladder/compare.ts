import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import type { ImageFormat } from '../../domain/plans.ts'
import { makeSamplePhoto } from '../../media/sample/photo.ts'
import { median } from '../median.ts'
import type { SideResult } from './side.ts'

export interface Comparison {
  /** CPU of ours by CPU of the peer's, median over the rounds. */
  readonly cpuRatio: number
  /** Bytes of ours by bytes of the peer's. */
  readonly bytesRatio: number
}

export interface Comparing {
  readonly preset: string
  /** Of the preset's formats only this one. */
  readonly format?: ImageFormat
  /** `sharp` as its documentation shows it; the path of `vipsthumbnail`. Once per output, both. */
  readonly peer: 'sharp' | { readonly vipsthumbnail: string }
}

/**
 * CPU time (user and system, all threads and children) and bytes of a preset's image ladder: the image studio
 * against a peer, same formats and qualities.
 */
export async function compareLadders(
  { preset, format, peer }: Comparing,
  photos: readonly string[],
  rounds: number,
  say: (line: string) => void,
): Promise<Comparison> {
  const peerName = peer === 'sharp' ? peer : 'vipsthumbnail'
  say(`${photos.length} photos; ${rounds} rounds, ours and ${peerName} taking turns, the first of them a warm-up that does not count`)
  const what = [preset, format ?? '']
  const sides = {
    ours: startSide('ours', ...what),
    peer: peer === 'sharp' ? startSide('sharp', ...what) : startSide('vipsthumbnail', ...what, peer.vipsthumbnail),
  }
  const ratios: number[] = []
  let bytesRatio = Number.NaN
  try {
    for (let round = 0; round <= rounds; round++) {
      // Who goes first changes, so that heat and neighbours do not favour one side.
      const peerFirst = round % 2 === 1
      const early = await ladders(peerFirst ? sides.peer : sides.ours, photos)
      const late = await ladders(peerFirst ? sides.ours : sides.peer, photos)
      const [ours, theirs] = peerFirst ? [late, early] : [early, late]
      const ratio = ours.cpuMs / theirs.cpuMs
      bytesRatio = ours.bytes / theirs.bytes
      if (round > 0) ratios.push(ratio)
      say(
        `${round === 0 ? 'warm-up' : `round ${round}`}: ours ${lineOf(ours, photos.length)}; ${peerName} ${lineOf(theirs, photos.length)}; ratio ${ratio.toFixed(3)}`,
      )
    }
  } finally {
    for (const child of Object.values(sides)) child.disconnect()
  }
  return { cpuRatio: median(ratios), bytesRatio }
}

function startSide(...args: readonly [name: 'ours' | 'sharp' | 'vipsthumbnail', ...rest: readonly string[]]): ChildProcess {
  return fork(join(import.meta.dirname, 'side.ts'), args, {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

async function ladders(side: ChildProcess, photos: readonly string[]): Promise<SideResult> {
  side.send(photos)
  const ended = once(side, 'exit').then(() => {
    throw new Error('a side of the comparison ended')
  })
  const [result] = (await Promise.race([once(side, 'message'), ended])) as [SideResult]
  return result
}

function lineOf({ cpuMs, bytes }: SideResult, photos: number): string {
  return `${(cpuMs / photos).toFixed(0)} ms CPU and ${(bytes / photos / 1024).toFixed(0)} KiB a photo`
}

/** Photos of a folder, or, without one, drawn ones. */
export async function photosFor(folder: string | undefined, scratch: string): Promise<string[]> {
  const photos = folder === undefined ? await drawPhotos(scratch) : await photosIn(folder)
  if (photos.length === 0) throw new Error(`there is no JPEG in ${folder}`)
  return photos
}

async function photosIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /\.jpe?g$/i.test(name))
  return names.toSorted().map((name) => join(folder, name))
}

/** Four 12 MP photos: the sample in other sizes and crops, as a camera would compress them. */
async function drawPhotos(scratch: string): Promise<string[]> {
  const sample = sharp(await makeSamplePhoto()).autoOrient()
  const sizes = [
    [3024, 4032],
    [4032, 3024],
    [4000, 3000],
    [3000, 4000],
  ] as const
  return await Promise.all(
    sizes.map(async ([width, height], index) => {
      const path = join(scratch, `photo-${index}.jpg`)
      const noisy = sample.clone().resize(width, height).sharpen()
      await writeFile(path, await noisy.jpeg({ quality: 93, chromaSubsampling: '4:2:0' }).toBuffer())
      return path
    }),
  )
}
