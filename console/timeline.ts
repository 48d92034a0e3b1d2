import type { Item } from '../api/item.ts'
import { h } from './dom.ts'
import type { Seen } from './seen.ts'
import { createStoryboard } from './storyboard.ts'

export interface Timeline {
  readonly element: HTMLElement
  /** Draws what is encoded, and from where on one could play first. */
  show(item: Pick<Item, 'state' | 'progress'>, seen: Seen): void
}

/**
 * The strip under a video: a cell for each chunk, filled when it is encoded; a mark where the part ends that could
 * be played first; where playing is; and, under the pointer, what is seen at that time.
 */
export function createTimeline(video: HTMLVideoElement, { storyboard, durationMs }: Pick<Item, 'storyboard' | 'durationMs'>): Timeline {
  const cells = h('div', { class: 'cells' })
  const head = h('div', { class: 'playhead' })
  const mark = h('div', { class: 'first', hidden: true })
  const strip = h('div', { class: 'scrub', 'aria-hidden': 'true' }, cells, head, mark)
  const words = h('p', { class: 'growth dim' })
  const element = h('div', { class: 'timeline' }, strip, words)
  const total = () => (Number.isFinite(video.duration) && video.duration > 0 ? video.duration : (durationMs ?? 0) / 1000)
  video.addEventListener('timeupdate', () => {
    head.style.setProperty('--at', String(total() > 0 ? Math.min(1, video.currentTime / total()) : 0))
  })
  strip.addEventListener('click', (event) => {
    const { left, width } = strip.getBoundingClientRect()
    video.currentTime = Math.min(1, Math.max(0, (event.clientX - left) / width)) * total()
  })
  if (storyboard !== undefined) strip.append(createStoryboard(storyboard, strip))

  return {
    element,
    show({ state, progress }, { chunks, playableAfterMs }) {
      const count = progress?.unit === 'chunks' ? progress.total : (chunks ?? 1)
      const isGrowing = state === 'playable'
      // The first chunk can be played before it is there in all its sizes.
      const done = isGrowing ? Math.max(1, progress?.unit === 'chunks' ? progress.done : 0) : count
      if (cells.childElementCount !== count) cells.replaceChildren(...Array.from({ length: count }, () => h('i')))
      for (const [at, cell] of [...cells.children].entries()) cell.className = at < done ? 'done' : at === done ? 'next' : ''
      const isKnown = count > 1 && (isGrowing || playableAfterMs !== null)
      mark.hidden = !isKnown
      mark.style.setProperty('--at', String(1 / count))
      const after =
        playableAfterMs === null
          ? 'Playable first up to the mark'
          : `Playable after ${(playableAfterMs / 1000).toFixed(1)} s, up to the mark`
      const progressText = `encoding · ${progress?.unit === 'chunks' ? progress.done : 0} of ${count} chunks`
      words.replaceChildren(
        ...[isKnown ? after : '', isGrowing ? progressText : ''].filter((text) => text !== '').map((text) => h('span', {}, text)),
      )
      words.hidden = words.childElementCount === 0
    },
  }
}
