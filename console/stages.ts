import type { Item } from '../api/item.ts'
import { h } from './dom.ts'

/** What a person sees of the stages, in order. */
export const shownStages = ['admit', 'develop', 'publish', 'announce'] as const

export interface RailState {
  /** Index of the stage at work; 4 when all are done. */
  readonly at: number
  /** 0..1 within that stage, or null where it is not known. */
  readonly fraction: number | null
  readonly text: string
}

/** Where an item is on the rail. */
export function railState(item: Item): RailState {
  if (item.state === 'ready') return { at: shownStages.length, fraction: null, text: 'ready' }
  const stage = item.stage === 'invalidate' ? 'announce' : item.stage
  const at = Math.max(0, shownStages.indexOf(stage as (typeof shownStages)[number]))
  const text = item.stage === 'received' ? 'waiting' : item.stage
  if (!item.progress || item.progress.total <= 0) return { at, fraction: null, text }
  const { done, total, unit } = item.progress
  return { at, fraction: Math.min(1, done / total), text: `${text} · ${unit} ${done}/${total}` }
}

/** The rail as an element: four segments, the one at work filled as far as it has come. */
export function rail(item: Item): HTMLElement {
  const state = railState(item)
  const segments = shownStages.map((stage, index) => {
    const fill = h('i')
    const kind = index < state.at ? 'past' : index === state.at ? 'now' : 'next'
    if (kind === 'now') {
      fill.className = state.fraction === null ? 'breathing' : ''
      fill.style.setProperty('--fraction', String(state.fraction ?? 0.5))
    }
    return h('span', { class: `segment ${kind}` }, h('b', {}, fill), h('small', {}, stage))
  })
  const label = state.at >= shownStages.length ? 'All stages done' : `Stage ${state.at + 1} of ${shownStages.length}: ${state.text}`
  return h('div', { class: 'rail', role: 'img', 'aria-label': label }, ...segments)
}
