import type { Preview } from '../api/previews-route.ts'
import { h, pressAlone } from './dom.ts'
import { bytesText } from './format.ts'
import { developing } from './picture.ts'

export interface GalleryOptions {
  /** Takes a second or two when they have to be made. */
  readonly load: () => Promise<readonly Preview[]>
  /** Shows one in the large. */
  readonly onLook: (preview: Preview, label: string) => void
}

/** The photo in every filter side by side; made when asked for, since it costs a decode. */
export function createGallery({ load, onLook }: GalleryOptions): HTMLElement {
  const count = h('small')
  const fault = h('p', { class: 'fault', role: 'alert' })
  const show = h('button', { type: 'button', class: 'quiet' }, 'Show in every filter')
  const section = h('section', { class: 'gallery', 'aria-label': 'Filters' }, h('h3', {}, 'Filters ', count), show, fault)

  async function fill(): Promise<void> {
    const previews = await load()
    const list = h('ul', { class: 'filters' })
    for (const preview of previews) list.append(h('li', {}, filterButton(preview, onLook)))
    count.textContent = String(Math.max(0, previews.length - 1))
    show.replaceWith(list)
    list.querySelector('button')?.focus()
  }

  show.addEventListener('click', () => {
    show.disabled = true
    show.textContent = 'Developing…'
    fault.textContent = ''
    fill().catch((error: unknown) => {
      show.disabled = false
      show.textContent = 'Try again'
      fault.textContent = error instanceof Error ? error.message : 'They could not be made.'
    })
  })
  return section
}

/** A photo in one filter, to be looked at in the large; `words` stand below its name. */
export function filterButton(preview: Preview, onLook: GalleryOptions['onLook'], words?: string): HTMLElement {
  const { title: label, url, width, height } = preview
  const img = h('img', { src: url, alt: '', width: String(width), height: String(height), loading: 'lazy', decoding: 'async' })
  const button = h(
    'button',
    { type: 'button', 'aria-pressed': 'false', 'aria-label': `${label}, ${bytesText(preview.bytes)}` },
    h('span', { class: 'swatch' }, developing(img)),
    h('b', {}, label),
    words === undefined ? null : h('small', {}, words),
  )
  button.addEventListener('click', () => {
    pressAlone(button)
    onLook(preview, label)
  })
  return button
}
