import type { Item, ItemRendition } from '../api/item.ts'
import type { Preview } from '../api/previews-route.ts'
import type { PrivateFacts } from '../domain/media.ts'
import { h, pressAlone } from './dom.ts'
import { createGallery } from './gallery.ts'
import { bytesText, durationText, rateText } from './format.ts'
import { readRungs } from './rungs.ts'
import { developing, moving, picturesOf, placeholder, responsivePicture } from './picture.ts'
import { factsOf } from './photo-words.ts'
import { createPlayer, type Player } from './player.ts'
import type { Seen } from './seen.ts'

export interface DetailOptions {
  readonly dialog: HTMLDialogElement
  readonly temporalUi: string | null
  readonly facts: (id: string) => Promise<PrivateFacts>
  readonly previews: (id: string) => Promise<readonly Preview[]>
  readonly erase: (item: Item) => Promise<void>
  readonly seen: (id: string) => Seen
}

export interface Detail {
  open(item: Item, name: string): void
  /** What has become of an item, for the one that is shown. */
  show(item: Item): void
}

/** The dialog that shows one item whole. */
export function createDetail({ dialog, temporalUi, facts, previews, erase, seen }: DetailOptions): Detail {
  let player: Player | null = null
  let shownId: string | null = null
  dialog.addEventListener('close', () => {
    player?.stop()
    player = null
    shownId = null
    dialog.replaceChildren()
  })
  // A click on the backdrop is a click on the dialog itself, outside of its content.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })

  function open(item: Item, name: string): void {
    shownId = item.id
    const stage = h('div', { class: 'stage' })
    if (item.hls === undefined) stage.append(photo(item, name))
    else {
      player = createPlayer(item.hls, item, name)
      player.show(item, seen(item.id))
      stage.append(player.element)
    }
    const close = h('button', { type: 'button', class: 'quiet close', onclick: () => dialog.close() }, 'Close')
    const side = h(
      'div',
      { class: 'side' },
      h('header', {}, h('h2', {}, name), close),
      summary(item, facts),
      ladder(item, stage),
      item.kind === 'image' && item.state === 'ready' ? filters(item, stage) : null,
      footer(item, temporalUi, () => erase(item), dialog),
    )
    dialog.replaceChildren(h('div', { class: 'sheet' }, stage, side))
    dialog.setAttribute('aria-label', name)
    dialog.showModal()
    close.focus()
  }

  const filters = (item: Item, stage: HTMLElement) =>
    createGallery({
      load: async () => await previews(item.id),
      onLook: (preview, label) => look(stage, preview, label),
    })

  return {
    open,
    show(item) {
      if (item.id === shownId) player?.show(item, seen(item.id))
    },
  }
}

function photo(item: Item, name: string): HTMLElement {
  const frame = h('div', { class: 'frame' })
  if (item.width && item.height) frame.style.setProperty('--ratio', String(item.width / item.height))
  frame.append(
    ...[placeholder(item), moving(item) ?? responsivePicture(item, '(min-width: 1000px) 70vw, 100vw', name)].filter(
      (node) => node !== null,
    ),
  )
  if (item.motion?.kind === 'clip') frame.append(playClip(frame, item.motion.url, name))
  return frame
}

/** The clip that was taken beside a photo, in its place once it is asked for. */
function playClip(frame: HTMLElement, url: string, name: string): HTMLElement {
  return h(
    'button',
    {
      type: 'button',
      class: 'quiet clip',
      onclick: () => {
        frame.querySelector('picture, video')?.remove()
        frame.append(h('video', { src: url, controls: true, autoplay: true, playsinline: true, 'aria-label': `Clip of ${name}` }))
      },
    },
    'Play the clip',
  )
}

function summary(item: Item, facts: DetailOptions['facts']): HTMLElement {
  const list = h('dl', { class: 'facts' })
  const add = (term: string, value: string) => list.append(h('div', {}, h('dt', {}, term), h('dd', {}, value)))
  if (item.width && item.height) add('Size', `${item.width} × ${item.height}`)
  if (item.durationMs !== undefined) add('Length', durationText(item.durationMs))
  const put = (known: PrivateFacts) => {
    for (const [term, value] of factsOf(item, known)) add(term, value)
  }
  facts(item.id).then(put, (error: unknown) => {
    console.warn('facts', error)
    put({})
  })
  return list
}

/** Every rendition with its picture and weight; a photo's can be looked at one by one. */
function ladder(item: Item, stage: HTMLElement): HTMLElement {
  const pictures = picturesOf(item)
  const rows = [...item.renditions.filter((rendition) => !pictures.includes(rendition)), ...pictures]
  const heaviest = Math.max(1, ...pictures.map((rendition) => rendition.bytes))
  const list = h('ul', { class: 'ladder' })
  const rowOf = new Map<string, HTMLElement>()
  for (const rendition of rows) {
    const isPicture = rendition.type.startsWith('image/')
    const weight = h('i')
    weight.style.setProperty('--fraction', String(rendition.bytes / heaviest))
    const thumb = isPicture
      ? developing(h('img', { src: rendition.url, alt: '', loading: 'lazy', decoding: 'async' }))
      : h('span', { class: 'glyph', 'aria-hidden': 'true' }, rendition.name.split('.').at(-1) ?? '')
    const row = h(
      'button',
      {
        type: 'button',
        'aria-pressed': 'false',
        'aria-label': `${rendition.name}, ${rendition.width} by ${rendition.height}, ${bytesText(rendition.bytes)}`,
        disabled: !isPicture || item.hls !== undefined,
      },
      h('span', { class: 'thumb' }, thumb),
      h(
        'span',
        { class: 'what' },
        h('b', {}, `${rendition.width} × ${rendition.height}`),
        h('small', {}, isPicture ? [rendition.type.replace('image/', ''), timeOf(rendition)].join('') : kindOf(rendition)),
      ),
      h('span', { class: 'weight' }, isPicture ? h('b', {}, weight) : null, h('small', {}, bytesText(rendition.bytes))),
    )
    row.addEventListener('click', () => {
      pressAlone(row)
      look(stage, rendition, rendition.name)
    })
    list.append(h('li', {}, row))
    rowOf.set(rendition.name, row)
  }
  if (item.hls !== undefined) void readRungs(item.hls).then((rungs) => showRungs(rungs, rowOf))
  const count = `${rows.length} ${rows.length === 1 ? 'rendition' : 'renditions'}`
  return h('section', { 'aria-label': 'Renditions' }, h('h3', {}, 'Ladder ', h('small', {}, count)), list)
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^master.*\.m3u8$/, 'HLS, all of them'],
  [/audio.*\.m3u8$/, 'HLS, sound'],
  [/\.m3u8$/, 'HLS'],
  [/\.mpd$/, 'DASH, all of them'],
  [/\.mp4$/, 'one MP4 file'],
  [/^captions-.*\.vtt$/, 'captions, WebVTT'],
  [/\.vtt$/, 'storyboard, WebVTT'],
]

function kindOf({ name }: ItemRendition): string {
  return kinds.find(([pattern]) => pattern.test(name))?.[1] ?? name
}

/** What a playlist's file weighs says nothing; what its rung takes on the way to a player does. */
function showRungs(rungs: Awaited<ReturnType<typeof readRungs>>, rowOf: ReadonlyMap<string, HTMLElement>): void {
  const fastest = Math.max(1, ...rungs.map(({ bandwidth }) => bandwidth))
  for (const { name, bandwidth, codec } of rungs) {
    const row = rowOf.get(name)
    const bar = h('i')
    bar.style.setProperty('--fraction', String(bandwidth / fastest))
    row?.querySelector('.weight')?.replaceChildren(h('b', {}, bar), h('small', {}, rateText(bandwidth)))
    const kind = row?.querySelector('.what small')
    if (kind && codec !== '') kind.textContent = `HLS, ${codec}`
  }
}

/** What encoding it took, where it is known. */
function timeOf({ encodeMs }: ItemRendition): string {
  return encodeMs === undefined ? '' : `, ${encodeMs} ms`
}

/** Puts exactly this picture into the frame. */
function look(stage: HTMLElement, picture: Pick<ItemRendition, 'url' | 'width' | 'height'>, what: string): void {
  const img = developing(
    h('img', {
      src: picture.url,
      alt: `${what} at ${picture.width} by ${picture.height}`,
      width: String(picture.width),
      height: String(picture.height),
    }),
  )
  const frame = stage.querySelector('.frame')
  frame?.querySelector('picture, video')?.remove()
  frame?.append(h('picture', {}, img))
}

function footer(item: Item, temporalUi: string | null, erase: () => Promise<void>, dialog: HTMLDialogElement): HTMLElement {
  const foot = h('footer')
  const workflow = temporalUi === null ? null : `${temporalUi}/namespaces/default/workflows/${encodeURIComponent(item.workflowId)}`
  const link = workflow === null ? null : h('a', { href: workflow, target: '_blank', rel: 'noopener noreferrer' }, 'Workflow in Temporal')
  const own = item.kind === 'image' && item.state === 'ready' ? h('a', { href: `/photos/${item.id}` }, 'Page of its own') : null
  const file = item.mp4 === undefined ? null : h('a', { href: item.mp4, download: 'video.mp4', rel: 'noopener noreferrer' }, 'Download MP4')
  const fault = h('p', { class: 'fault', role: 'alert' })

  function ask(): void {
    const keep = h('button', { type: 'button', class: 'quiet', onclick: offer }, 'Keep it')
    const sure = h('button', { type: 'button', class: 'danger' }, 'Erase for ever')
    sure.addEventListener('click', () => {
      sure.disabled = true
      erase().then(
        () => dialog.close(),
        (error: unknown) => {
          sure.disabled = false
          fault.textContent = error instanceof Error ? error.message : 'It was not erased.'
        },
      )
    })
    foot.replaceChildren(
      h('p', {}, 'Every copy goes, at every edge. This cannot be undone.'),
      h('div', { class: 'row' }, sure, keep),
      fault,
    )
    keep.focus()
  }
  function offer(): void {
    const button = h('button', { type: 'button', class: 'quiet', onclick: ask }, 'Erase…')
    foot.replaceChildren(...[own, link, file, button].filter((node) => node !== null))
    if (dialog.open) button.focus()
  }
  offer()
  return foot
}
