import { largestWithin, type Rectangle, type Size } from '../../domain/framing.ts'
import { h } from '../dom.ts'
import { type Corner, corners, movedBox, resizedBox } from './crop-box.ts'

export interface CropView {
  readonly element: HTMLElement
  /** The whole picture, turned, with the look it has. */
  readonly canvas: HTMLCanvasElement
  /** `ratio` is what the box keeps, null for none; `degrees` says how what is kept of it will lie. */
  show(state: { readonly within: Size; readonly box: Rectangle; readonly ratio: number | null; readonly degrees: number }): void
}

const cornerNames: Readonly<Record<Corner, string>> = { nw: 'upper left', ne: 'upper right', sw: 'lower left', se: 'lower right' }
const arrows: Readonly<Record<string, readonly [right: number, down: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}
/** Share of the longer side that an arrow moves, alone and with shift. */
const STEP = 0.01
const LEAP = 0.05

/** The picture with a box over it, to be dragged by pointer or keys; `onBox` hears of each new box. */
export function createCropView(onBox: (box: Rectangle) => void): CropView {
  const canvas = h('canvas', { 'aria-hidden': 'true' })
  const kept = h('div', { class: 'kept' })
  const handles = corners.map((corner) =>
    h('button', {
      type: 'button',
      class: `handle ${corner}`,
      'aria-label': `Corner of the crop, ${cornerNames[corner]}: move with the arrow keys`,
    }),
  )
  const box = h('div', { class: 'crop-box', tabindex: '0', role: 'group' }, ...handles)
  const surface = h('div', { class: 'crop-surface' }, canvas, h('div', { class: 'shade', 'aria-hidden': 'true' }, kept), box)
  const element = h('div', { class: 'crop-view' }, surface)
  let now: Parameters<CropView['show']>[0] | null = null

  function change(corner: Corner | null, from: Rectangle, right: number, down: number): void {
    if (!now) return
    onBox(corner === null ? movedBox(from, right, down, now.within) : resizedBox(from, corner, { right, down }, now.within, now.ratio))
  }

  function listen(target: HTMLElement, corner: Corner | null): void {
    target.addEventListener('pointerdown', (event) => {
      if (!now || (corner === null && event.target !== target)) return
      event.preventDefault()
      event.stopPropagation()
      target.focus()
      target.setPointerCapture(event.pointerId)
      const { box: from, within } = now
      const scale = within.width / surface.getBoundingClientRect().width
      const move = (to: PointerEvent) => change(corner, from, (to.clientX - event.clientX) * scale, (to.clientY - event.clientY) * scale)
      const end = () => target.removeEventListener('pointermove', move)
      target.addEventListener('pointermove', move)
      target.addEventListener('lostpointercapture', end, { once: true })
    })
    target.addEventListener('keydown', (event) => {
      const way = arrows[event.key]
      if (!way || !now) return
      event.preventDefault()
      event.stopPropagation()
      const step = Math.max(now.within.width, now.within.height) * (event.shiftKey ? LEAP : STEP)
      change(corner, now.box, way[0] * step, way[1] * step)
    })
  }
  listen(box, null)
  for (const [index, corner] of corners.entries()) listen(handles[index] as HTMLElement, corner)

  return {
    element,
    canvas,
    show(state) {
      now = state
      const { within, box: at, degrees } = state
      const share = (value: number, of: number) => `${(100 * value) / of}%`
      surface.style.setProperty('--ratio', String(within.width / within.height))
      Object.assign(box.style, {
        left: share(at.left, within.width),
        top: share(at.top, within.height),
        width: share(at.width, within.width),
        height: share(at.height, within.height),
      })
      const left = largestWithin(at, degrees)
      Object.assign(kept.style, {
        left: share(at.left + at.width / 2, within.width),
        top: share(at.top + at.height / 2, within.height),
        width: share(left.width, within.width),
        height: share(left.height, within.height),
        transform: `translate(-50%, -50%) rotate(${-degrees}deg)`,
      })
      const [x, y, width, height] = [at.left, at.top, at.width, at.height].map(Math.round)
      box.setAttribute('aria-label', `Crop: ${width} by ${height} pixels, ${x} from the left, ${y} from the top. Move with the arrow keys.`)
    },
  }
}
