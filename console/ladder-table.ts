import type { Item, ItemRendition } from '../api/item.ts'
import { h, pressAlone } from './dom.ts'
import { bytesText } from './format.ts'
import { picturesOf } from './picture.ts'

/** Every width by every format, with bytes and the time that encoding took; `onLook` hears of the file that is chosen. */
export function ladderTable(item: Item, onLook: (rendition: ItemRendition) => void): HTMLElement {
  const pictures = picturesOf(item)
  const formats = [...new Set(pictures.map(({ type }) => type))].toSorted((a, b) => sumOf(pictures, b) - sumOf(pictures, a))
  const widths = [...new Set(pictures.map(({ width }) => width))]
  const heaviest = Math.max(1, ...pictures.map(({ bytes }) => bytes))
  const table = h('table', { class: 'ladder-table' })
  const cell = (rendition: ItemRendition | undefined) => {
    if (!rendition) return h('td', {}, '–')
    const bar = h('i')
    bar.style.setProperty('--fraction', String(rendition.bytes / heaviest))
    const button = h(
      'button',
      { type: 'button', 'aria-pressed': 'false', 'aria-label': `${rendition.name}, ${bytesText(rendition.bytes)}` },
      h('b', {}, bytesText(rendition.bytes)),
      h('small', {}, rendition.encodeMs === undefined ? '' : `${rendition.encodeMs} ms`),
      h('span', { class: 'bar', 'aria-hidden': 'true' }, bar),
    )
    button.addEventListener('click', () => {
      pressAlone(button)
      onLook(rendition)
    })
    return h('td', {}, button)
  }
  const rows = widths.map((width) => {
    const ofWidth = pictures.filter((rendition) => rendition.width === width)
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, `${width} × ${ofWidth[0]?.height ?? 0}`),
      ...formats.map((format) => cell(ofWidth.find(({ type }) => type === format))),
    )
  })
  table.append(
    h(
      'thead',
      {},
      h('tr', {}, h('th', { scope: 'col' }, 'Size'), ...formats.map((format) => h('th', { scope: 'col' }, format.replace('image/', '')))),
    ),
    h('tbody', {}, ...rows),
    h(
      'tfoot',
      {},
      h('tr', {}, h('th', { scope: 'row' }, 'All'), ...formats.map((format) => h('td', {}, bytesText(sumOf(pictures, format))))),
    ),
  )
  return table
}

function sumOf(pictures: readonly ItemRendition[], format: string): number {
  return pictures.reduce((sum, { type, bytes }) => sum + (type === format ? bytes : 0), 0)
}
