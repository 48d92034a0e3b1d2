import { editRanges } from '../../domain/edits.ts'
import { filters, applyLut, lutOf } from '../../media/filters/index.ts'
import { h } from '../dom.ts'
import { showMore } from '../more.ts'
import { canvasOf, contextOf, fitted, type Photo } from './render.ts'
import { createSlider, type Slider } from './slider.ts'
import { amountNames, type Setting, turned, turns, untouched } from './setting.ts'

export interface Panel {
  readonly element: HTMLElement
  /** Shows what is set. */
  show(setting: Setting): void
}

/** `change` is given the setting as it is and gives the next. */
type Change = (next: (setting: Setting) => Setting) => void

const labelOf = (name: string) => name.charAt(0).toUpperCase() + name.slice(1)

/** Width over height, by name; those that a feed takes. */
const aspects: readonly (readonly [label: string, aspect: number])[] = [
  ['1:1', 1],
  ['4:5', 4 / 5],
  ['1.91:1', 1.91],
  ['16:9', 16 / 9],
]

/** Farther than this there is little left of a picture; the API goes on to 45. */
const STRAIGHTEN_MAX = 25

const turnLabels: Readonly<Record<keyof typeof turns, string>> = {
  left: 'Turn left',
  right: 'Turn right',
  mirror: 'Mirror',
  flip: 'Upside down',
}

/** `onAspect` hears of a chosen aspect, null for any; with `whole` the crop is taken away. What is not `seen` is not cropped. */
export function createCropPanel(
  seen: boolean,
  change: Change,
  onAspect: (aspect: number | null, whole: boolean) => void,
  onStraighten: (degrees: number) => void,
): Panel {
  const choices = [
    ['Original', null, true],
    ['Free', null, false],
    ...aspects.map(([label, aspect]) => [label, aspect, false] as const),
  ] as const
  const buttons = choices.map(([label, aspect, whole]) =>
    h('button', { type: 'button', 'aria-pressed': 'false', disabled: !seen && !whole, onclick: () => onAspect(aspect, whole) }, label),
  )
  const turnButtons = (Object.keys(turns) as (keyof typeof turns)[]).map((turn) =>
    h('button', { type: 'button', onclick: () => change((setting) => turned(setting, turn)) }, turnLabels[turn]),
  )
  const straighten = createSlider({
    label: 'Straighten',
    min: -STRAIGHTEN_MAX,
    max: STRAIGHTEN_MAX,
    step: 0.5,
    value: 0,
    unit: '°',
    onValue: onStraighten,
  })
  const element = h('div', { class: 'crop-panel' }, rowOf('Aspect', buttons), straighten.element, rowOf('Turn', turnButtons))
  return {
    element,
    show({ aspect, crop, straighten: degrees }) {
      const near = (one: number) => aspect !== null && Math.abs(aspect - one) < 1e-6
      const pressed = crop === null ? 0 : aspect === null ? 1 : choices.findIndex(([, one]) => one !== null && near(one))
      for (const [index, button] of buttons.entries()) button.setAttribute('aria-pressed', String(index === pressed))
      straighten.set(degrees)
    },
  }
}

function rowOf(label: string, buttons: readonly HTMLElement[]): HTMLElement {
  const row = h('div', { class: 'chips', role: 'group', 'aria-label': label }, ...buttons)
  showMore(row)
  return row
}

export function createAdjustPanel(change: Change): Panel {
  const sliders = new Map(
    amountNames.map((name): [typeof name, Slider] => [
      name,
      createSlider({
        label: labelOf(name),
        ...editRanges[name],
        value: 0,
        onValue: (value) => change((setting) => ({ ...setting, amounts: { ...setting.amounts, [name]: value } })),
      }),
    ]),
  )
  const reset = h(
    'button',
    { type: 'button', class: 'quiet', onclick: () => change((setting) => ({ ...setting, amounts: untouched.amounts })) },
    'Reset adjustments',
  )
  return {
    element: h('div', { class: 'sliders' }, ...[...sliders.values()].map(({ element }) => element), reset),
    show({ amounts }) {
      for (const [name, slider] of sliders) slider.set(amounts[name] ?? 0)
      reset.disabled = !Object.values(amounts).some((amount) => amount !== 0)
    },
  }
}

const THUMB_SIDE = 96
/** Coarser cubes than the picture gets: nobody sees it at this size, and there are forty of them. */
const THUMB_CUBE = 17

export function createFilterPanel(names: readonly string[], photo: Photo | null, change: Change): Panel {
  const strength = createSlider({
    label: 'Strength',
    min: 0,
    max: 100,
    value: 100,
    rest: 100,
    onValue: (value) => change((setting) => ({ ...setting, strength: value })),
  })
  const buttons = [null, ...names].map((name) => {
    const label = name === null ? 'None' : (filters.find((filter) => filter.name === name)?.title ?? name)
    const swatch = h('span', { class: 'swatch' })
    const button = h(
      'button',
      { type: 'button', 'aria-pressed': 'false', onclick: () => change((setting) => ({ ...setting, filter: name, strength: 100 })) },
      swatch,
      h('b', {}, label),
    )
    return { name, button, swatch }
  })
  if (photo) paintThumbs(photo, buttons)
  const strip = h('ul', { class: 'filters strip' }, ...buttons.map(({ button }) => h('li', {}, button)))
  showMore(strip)
  return {
    element: h('div', { class: 'filter-panel' }, strength.element, strip),
    show(setting) {
      for (const { name, button } of buttons) button.setAttribute('aria-pressed', String(name === setting.filter))
      strength.set(setting.strength)
      strength.input.disabled = setting.filter === null
    },
  }
}

/** One after the other, each in its own turn of the page, so that nothing waits for all of them. */
function paintThumbs(photo: Photo, places: readonly { readonly name: string | null; readonly swatch: HTMLElement }[]): void {
  const size = fitted(photo.size, THUMB_SIDE)
  const source = canvasOf(size)
  contextOf(source).drawImage(photo.pixels, 0, 0, size.width, size.height)
  const paint = (index: number) => {
    const place = places[index]
    if (!place) return
    const canvas = canvasOf(size)
    const context = contextOf(canvas)
    const image = contextOf(source).getImageData(0, 0, size.width, size.height)
    const filter = filters.find(({ name }) => name === place.name)
    if (filter) applyLut({ data: new Uint8Array(image.data.buffer), ...size, channels: 4 }, lutOf(filter, { size: THUMB_CUBE }))
    context.putImageData(image, 0, 0)
    place.swatch.replaceChildren(canvas)
    setTimeout(() => paint(index + 1))
  }
  paint(0)
}
