import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'

/** A photo before and after a filter, at the size of the latter; three bytes per pixel. */
export interface Pair {
  readonly photo: string
  readonly width: number
  readonly height: number
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/** The folder's filters by name. Its layout: `original/PHOTO.jpg` and `instagram/PHOTO-FILTER.jpg`. */
export async function filtersIn(folder: string): Promise<Map<string, string[]>> {
  const byFilter = new Map<string, string[]>()
  for (const file of (await readdir(join(folder, 'instagram'))).toSorted()) {
    const [, photo, filter] = /^([^-]+)-_?([a-z0-9]+)\.jpg$/.exec(file) ?? []
    if (photo === undefined || filter === undefined) throw new Error(`${file} is not named PHOTO-FILTER.jpg`)
    byFilter.set(filter, [...(byFilter.get(filter) ?? []), photo])
  }
  return byFilter
}

/** Quality of the JPEG that the original passes through on its way, so that both sides have its halved chroma. */
const QUALITY = 90

/** The pairs of one filter. */
export async function pairsOf(folder: string, filter: string, photos: readonly string[]): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (const photo of photos) {
    const file = join(folder, 'instagram', `${photo}-${/^\d/.test(filter) ? '_' : ''}${filter}.jpg`)
    const { data: after, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    const { width, height } = info
    const sized = await sharp(join(folder, 'original', `${photo}.jpg`))
      .resize({ width, height, fit: 'fill' })
      .jpeg({ quality: QUALITY })
      .toBuffer()
    pairs.push({ photo, width, height, before: await sharp(sized).removeAlpha().raw().toBuffer(), after })
  }
  return pairs
}
