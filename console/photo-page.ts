import type { Item } from '../api/item.ts'
import type { Preview, UploadView } from '../api/previews-route.ts'
import type { PrivateFacts } from '../domain/media.ts'
import { type Client, isSettled } from './client.ts'
import { h } from './dom.ts'
import { filterButton } from './gallery.ts'
import { factsOf, summaryOf } from './photo-words.ts'
import { bytesText, nameText } from './format.ts'
import { ladderTable } from './ladder-table.ts'
import { developing, responsivePicture } from './picture.ts'
import { rail } from './stages.ts'

/**
 * The page of one photo: what was uploaded beside what became of it, its ladder by width and format, and every filter. There when it
 * returns, and follows the item until nothing more is told of it or `signal` is aborted; rejects where there is no such item.
 */
export async function showPhotoPage(place: HTMLElement, id: string, client: Client, signal: AbortSignal): Promise<void> {
  const item = await client.item(id)
  let shown = ''
  const show = (now: Item) => {
    // Progress is told more often than the page changes.
    const key = JSON.stringify([now.state, now.stage, now.enhanced, now.progress?.done])
    if (key === shown) return
    shown = key
    place.replaceChildren(...partsOf(now, client))
  }
  show(item)
  if (!isSettled(item)) client.follow(id, show, signal).catch((error: unknown) => console.warn('follow', error))
}

function partsOf(item: Item, client: Client): HTMLElement[] {
  const name = nameText(item.kind, new Date(item.createdAt), new Date())
  document.title = `${name} · Darkroom`
  const head = h(
    'header',
    { class: 'photo-head' },
    h('a', { href: '/' }, 'All items'),
    h('h2', {}, name),
    h('p', { class: 'dim' }, summaryOf(item)),
  )
  if (item.state !== 'ready' || item.kind !== 'image') {
    const why = item.error?.title ?? (item.kind === 'video' ? 'Films are looked at in the list of items.' : '')
    return [
      head,
      h(
        'div',
        { class: 'panel waiting' },
        item.error || item.state === 'erased' ? null : rail(item),
        h('p', {}, why || `It is ${item.state}.`),
      ),
    ]
  }
  const compare = createCompare(item)
  return [
    head,
    compare.element,
    ladderSection(item, compare.look),
    filterSection(item, client, compare.look),
    ...loadUpload(item, client, compare.showUpload),
  ]
}

interface Compare {
  readonly element: HTMLElement
  /** Shows one file in the result's place. */
  readonly look: (file: Pick<Preview, 'url' | 'width' | 'height' | 'bytes'>, what: string) => void
  readonly showUpload: (view: UploadView) => void
}

/** The upload and what was made of it, side by side. */
function createCompare(item: Item): Compare {
  const upload = figure('Upload', h('p', { class: 'dim' }, 'Developing…'), '')
  const result = figure('As shown', responsivePicture(item, '(min-width: 900px) 45vw, 100vw', 'The photo as it is shown'), '')
  const element = h('section', { class: 'compare', 'aria-label': 'Upload and result' }, upload.element, result.element)
  return {
    element,
    look(file, what) {
      result.put(
        picture(file, `${what}, ${file.width} by ${file.height}`),
        what,
        [`${file.width} × ${file.height}`, bytesText(file.bytes)].join(' · '),
      )
      result.element.scrollIntoView({ block: 'nearest' })
    },
    showUpload(view) {
      const type = view.source.type.replace('image/', '').toUpperCase()
      upload.put(
        picture(view, 'The photo as it was uploaded'),
        'Upload',
        `${type} of ${bytesText(view.source.bytes)}, shown at ${view.width} × ${view.height}`,
      )
    },
  }
}

function figure(title: string, content: Node | null, words: string) {
  const plate = h('div', { class: 'plate-whole' }, content)
  const heading = h('b', {}, title)
  const small = h('small', {}, words)
  return {
    element: h('figure', {}, plate, h('figcaption', {}, heading, small)),
    put(node: Node, nextTitle: string, nextWords: string) {
      plate.replaceChildren(node)
      heading.textContent = nextTitle
      small.textContent = nextWords
    },
  }
}

function picture({ url, width, height }: Pick<Preview, 'url' | 'width' | 'height'>, alt: string): HTMLImageElement {
  return developing(h('img', { src: url, alt, width: String(width), height: String(height), decoding: 'async' }))
}

/** What has to be asked for: the upload's view, and the private facts in a section of their own. */
function loadUpload(item: Item, client: Client, show: Compare['showUpload']): HTMLElement[] {
  const fault = h('p', { class: 'fault', role: 'alert' })
  const list = h('dl', { class: 'facts' })
  const put = (facts: PrivateFacts) => {
    for (const [term, value] of factsOf(item, facts)) list.append(h('div', {}, h('dt', {}, term), h('dd', {}, value)))
  }
  const told = (error: unknown) => {
    fault.textContent = error instanceof Error ? error.message : 'It could not be made.'
  }
  client.uploadView(item.id).then(show, told)
  client.facts(item.id).then(put, () => put({}))
  return [h('section', { 'aria-label': 'Facts' }, h('h3', {}, 'Facts ', h('small', {}, 'for the owner only')), list, fault)]
}

function ladderSection(item: Item, look: Compare['look']): HTMLElement {
  const bytes = item.renditions.reduce((sum, rendition) => sum + rendition.bytes, 0)
  const encodeMs = item.renditions.reduce((sum, rendition) => sum + (rendition.encodeMs ?? 0), 0)
  const words = [
    `${item.renditions.length} files`,
    bytesText(bytes),
    encodeMs === 0 ? '' : `${encodeMs} ms of encoding`,
    item.enhanced ? 'enhanced' : '',
  ].filter((part) => part !== '')
  return h(
    'section',
    { 'aria-label': 'Ladder' },
    h('h3', {}, 'Ladder ', h('small', {}, words.join(' · '))),
    h(
      'div',
      { class: 'scrolls' },
      ladderTable(item, (rendition) => look(rendition, rendition.name)),
    ),
  )
}

/** All filters at once; made when the page is first looked at, which takes a second or two. */
function filterSection(item: Item, client: Client, look: Compare['look']): HTMLElement {
  const count = h('small', {}, 'developing…')
  const list = h('ul', { class: 'filters wide' })
  const fault = h('p', { class: 'fault', role: 'alert' })
  client.previews(item.id).then(
    (previews) => {
      const bytes = previews.reduce((sum, preview) => sum + preview.bytes, 0)
      const ms = previews.reduce((sum, preview) => sum + (preview.encodeMs ?? 0), 0)
      count.textContent = `${previews.length - 1} beside the photo without one · ${bytesText(bytes)}${ms === 0 ? '' : ` · ${ms} ms in all`}`
      list.replaceChildren(...previews.map((preview) => h('li', {}, filterButton(preview, look, costOf(preview)))))
    },
    (error: unknown) => {
      count.textContent = ''
      fault.textContent = error instanceof Error ? error.message : 'They could not be made.'
    },
  )
  return h('section', { 'aria-label': 'Filters' }, h('h3', {}, 'Filters ', count), fault, list)
}

/** Bytes, and the time that making it took. */
function costOf({ bytes, encodeMs }: Preview): string {
  return encodeMs === undefined ? bytesText(bytes) : `${bytesText(bytes)} · ${encodeMs} ms`
}
