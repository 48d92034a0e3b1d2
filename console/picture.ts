import type { Item, ItemRendition } from '../api/item.ts'
import { h } from './dom.ts'
import { blurhashCanvas } from './blurhash.ts'

/** The pictures among an item's renditions, largest first: a photo's ladder, a video's posters. */
export function picturesOf(item: Item): ItemRendition[] {
  return item.renditions
    .filter((rendition) => rendition.type.startsWith('image/'))
    .toSorted((a, b) => b.width - a.width || a.type.localeCompare(b.type))
}

/** A picture element that lets the browser pick size and format; fades in over the placeholder once it is there. */
export function responsivePicture(item: Item, sizes: string, alt: string): HTMLPictureElement | null {
  const pictures = picturesOf(item)
  const fallback = pictures.find((rendition) => rendition.type === 'image/jpeg') ?? pictures[0]
  if (!fallback) return null
  const set = (type: string) =>
    pictures
      .filter((rendition) => rendition.type === type)
      .map((rendition) => `${rendition.url} ${rendition.width}w`)
      .join(', ')
  const img = h('img', { src: fallback.url, alt, decoding: 'async', width: String(fallback.width), height: String(fallback.height) })
  const jpegs = set('image/jpeg')
  if (jpegs !== '') {
    img.sizes = sizes
    img.srcset = jpegs
  }
  // The browser takes the first format that it knows: fewest bytes first.
  const sources = ['image/avif', 'image/webp'].map((type) => [type, set(type)] as const).filter(([, srcset]) => srcset !== '')
  return h('picture', {}, ...sources.map(([type, srcset]) => h('source', { type, srcset, sizes })), developing(img))
}

/** An animation in the place of its still, over and over and without sound; nothing for what does not move by itself. */
export function moving({ motion, poster }: Item): HTMLVideoElement | null {
  if (motion?.kind !== 'animation') return null
  const video = h('video', {
    src: motion.url,
    muted: true,
    autoplay: true,
    loop: motion.loops !== 1,
    playsinline: true,
    'aria-hidden': 'true',
    ...(poster === undefined ? {} : { poster }),
  })
  // The attribute alone does not mute a video that a script has made.
  video.muted = true
  return video
}

/** Marks an image as developed when its pixels are there. */
export function developing(img: HTMLImageElement): HTMLImageElement {
  const shown = () => img.classList.add('developed')
  img.addEventListener('load', shown)
  img.addEventListener('error', () => img.classList.add('missing'))
  if (img.complete && img.naturalWidth > 0) shown()
  return img
}

/** The placeholder of an item: its BlurHash, or nothing while that is not known. */
export function placeholder(item: Item): HTMLElement | null {
  if (item.blurhash === null) return null
  const ratio = item.width && item.height ? item.width / item.height : 4 / 3
  const canvas = blurhashCanvas(item.blurhash, 32, Math.max(1, Math.round(32 / ratio)))
  canvas?.classList.add('blur')
  canvas?.setAttribute('aria-hidden', 'true')
  return canvas
}
