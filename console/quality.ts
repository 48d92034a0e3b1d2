import { h } from './dom.ts'
import { rateText } from './format.ts'

export interface Level {
  /** Of the player's list. */
  readonly index: number
  readonly width: number
  readonly height: number
  /** Bits per second. */
  readonly bitrate: number
}

export interface QualityLadder {
  readonly element: HTMLElement
  /** The ladder, once it is known. */
  fill(levels: readonly Level[]): void
  /** Marks the rung on the screen. */
  playing(index: number): void
}

const AUTO = -1

/** The rungs of a video, each to be chosen, with what it costs; `onChoice` hears the index, -1 for the player's own choice. */
export function createQuality(onChoice: (index: number) => void): QualityLadder {
  const rows = h('div', { class: 'rungs' })
  const now = h('span', { class: 'dim', 'aria-live': 'off' })
  const element = h('fieldset', { class: 'quality', hidden: true }, h('legend', {}, 'Quality'), rows, now)
  const sizes = new Map<number, Level>()

  function row(index: number, name: string, rate: string, share: number): HTMLElement {
    const input = h('input', { type: 'radio', name: 'quality', value: String(index), checked: index === AUTO })
    input.addEventListener('change', () => onChoice(index))
    const bar = h('i')
    bar.style.setProperty('--fraction', String(share))
    return h(
      'label',
      { class: 'rung', 'data-level': String(index) },
      input,
      h('b', {}, name),
      h('span', { class: 'rate' }, bar),
      h('small', {}, rate),
    )
  }

  return {
    element,
    fill(levels) {
      const sorted = levels.toSorted((a, b) => Math.min(b.width, b.height) - Math.min(a.width, a.height) || b.bitrate - a.bitrate)
      const most = Math.max(1, ...levels.map(({ bitrate }) => bitrate))
      sizes.clear()
      for (const level of sorted) sizes.set(level.index, level)
      rows.replaceChildren(
        row(AUTO, 'Auto', 'by the network', 0),
        ...sorted.map(({ index, width, height, bitrate }) => row(index, `${Math.min(width, height)}p`, rateText(bitrate), bitrate / most)),
      )
      element.hidden = false
    },
    playing(index) {
      for (const rung of rows.querySelectorAll<HTMLElement>('.rung')) rung.classList.toggle('now', rung.dataset['level'] === String(index))
      const level = sizes.get(index)
      now.textContent = level ? `showing ${level.width} × ${level.height}` : ''
    },
  }
}
