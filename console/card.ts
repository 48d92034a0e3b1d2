import type { Item } from '../api/item.ts'
import type { Refusal } from './client.ts'
import { h } from './dom.ts'
import { agoText, durationText, nameText } from './format.ts'
import { moving, placeholder, responsivePicture } from './picture.ts'
import { rail, railState } from './stages.ts'

/** What a card shows: bytes on their way, an item, or why there is none. */
export type CardState =
  | { readonly is: 'sending'; readonly fraction: number }
  | { readonly is: 'item'; readonly item: Item }
  | { readonly is: 'refused'; readonly refusal: Pick<Refusal, 'message' | 'advice' | 'code'> }

export interface Card {
  readonly element: HTMLLIElement
  show(state: CardState): void
}

export interface CardOptions {
  /** The file's name, where this page sent it; it never leaves the page. */
  readonly name: string | null
  /** What can be done about an error of a code. */
  readonly adviceOf: (code: string) => string
  readonly onOpen: (item: Item) => void
  readonly onDismiss: () => void
  /** Brings a failed item in again; rejects with what to say. */
  readonly onRetry: (item: Item) => Promise<void>
}

function retryButton(item: Item, retry: CardOptions['onRetry']): HTMLElement {
  const button = h('button', { type: 'button', class: 'quiet' }, 'Try again')
  button.addEventListener('click', () => {
    button.disabled = true
    retry(item).catch((error: unknown) => {
      button.replaceWith(h('p', { class: 'fault', role: 'alert' }, error instanceof Error ? error.message : 'It was not tried again.'))
    })
  })
  return button
}

export function createCard(options: CardOptions): Card {
  const plate = h('div', { class: 'plate' })
  const caption = h('div', { class: 'caption' })
  const element = h('li', { class: 'card' }, plate, caption)
  let plateKey = ''
  /** When the page saw it to be playable; known only where it looked on. */
  let playableAfterMs: number | null = null
  let lastState = ''

  /** Pictures are built anew only when they change, so that progress does not make them flicker. */
  function setPlate(key: string, build: () => (Node | null)[]): void {
    if (key === plateKey) return
    plateKey = key
    plate.replaceChildren(...build().filter((node) => node !== null))
  }

  function title(item: Item): string {
    return options.name ?? nameText(item.kind, new Date(item.createdAt), new Date())
  }

  function showItem(item: Item): void {
    element.dataset.state = item.state
    if (item.state === 'playable' && lastState === 'processing') playableAfterMs = Date.now() - Date.parse(item.createdAt)
    lastState = item.state
    const name = title(item)
    const shown = item.renditions.length > 0
    setPlate(`${item.state === 'erased'} ${item.blurhash} ${shown}`, () => [
      item.state === 'erased' ? null : placeholder(item),
      shown ? (moving(item) ?? responsivePicture(item, '(min-width: 700px) 320px, 50vw', '')) : null,
      shown && item.kind === 'video'
        ? h('span', { class: 'badge' }, item.durationMs === undefined ? 'video' : durationText(item.durationMs))
        : null,
      shown
        ? h('button', {
            type: 'button',
            class: 'open',
            'aria-label': `Open ${name}`,
            onclick: () => options.onOpen(current ?? item),
          })
        : null,
    ])
    current = item
    caption.replaceChildren(h('strong', { title: `${name} (${item.id})` }, name), ...linesOf(item, options.adviceOf, playableAfterMs))
    if (item.state === 'failed') caption.append(retryButton(item, options.onRetry))
  }
  let current: Item | null = null

  return {
    element,
    show(state) {
      if (state.is === 'item') return showItem(state.item)
      element.dataset.state = state.is
      const name = h('strong', { title: options.name ?? '' }, options.name ?? '')
      if (state.is === 'sending') {
        setPlate('sending', () => [])
        const bar = h('progress', { max: '1', value: String(state.fraction), 'aria-label': `Sending ${options.name ?? 'the file'}` })
        return caption.replaceChildren(
          name,
          bar,
          h('p', { class: 'dim' }, state.fraction < 1 ? `sending · ${Math.floor(state.fraction * 100)} %` : 'sent · being committed'),
        )
      }
      setPlate('refused', () => [])
      caption.replaceChildren(
        name,
        ...faultLines(state.refusal.message, state.refusal.advice, state.refusal.code),
        h('button', { type: 'button', class: 'quiet', onclick: options.onDismiss }, 'Dismiss'),
      )
    },
  }
}

function faultLines(title: string, advice: string, code: string): HTMLElement[] {
  return [
    h('p', { class: 'fault' }, title),
    h('p', { class: 'dim' }, advice),
    h('p', { class: 'code' }, ...code.split('_').flatMap((word, index) => (index === 0 ? [word] : ['_', h('wbr'), word]))),
  ]
}

function linesOf(item: Item, adviceOf: CardOptions['adviceOf'], playableAfterMs: number | null): HTMLElement[] {
  const playable = playableAfterMs === null ? 'playable' : `playable after ${(playableAfterMs / 1000).toFixed(1)} s`
  const ago = agoText(new Date(item.createdAt), new Date())
  if (item.state === 'erased') {
    const done = item.stage === 'done'
    return [h('p', { class: 'dim' }, done ? 'Erased, and seen to be refused everywhere.' : 'Being erased; already refused.')]
  }
  if (item.error) {
    return faultLines(item.error.detail ?? item.error.title, adviceOf(item.error.code), item.error.code)
  }
  if (item.state === 'ready') {
    const size = item.width && item.height ? `${item.width} × ${item.height}` : ''
    return [dimLine([size, playableAfterMs === null ? '' : playable, ago])]
  }
  return [rail(item), dimLine([item.state === 'playable' ? playable : '', ...railState(item).text.split(' · ')])]
}

/** Parts of a line that breaks between them only. */
function dimLine(parts: readonly string[]): HTMLElement {
  const shown = parts.filter((part) => part !== '')
  return h(
    'p',
    { class: 'dim parts' },
    ...shown.flatMap((part, index) => [index === 0 ? null : ' ', h('span', {}, index === 0 ? part : `· ${part}`)]),
  )
}
