import { h } from '../dom.ts'

export interface Slider {
  readonly element: HTMLElement
  readonly input: HTMLInputElement
  set(value: number): void
}

export interface SliderOptions {
  readonly label: string
  readonly min: number
  readonly max: number
  readonly step?: number
  readonly value: number
  /** What a double click brings it back to. */
  readonly rest?: number
  readonly unit?: string
  readonly onValue: (value: number) => void
}

/** A labelled range with its number beside it; a range from below zero is filled from its middle. */
export function createSlider({ label, min, max, step = 1, value, rest = 0, unit = '', onValue }: SliderOptions): Slider {
  const input = h('input', {
    type: 'range',
    'aria-label': label,
    min: String(min),
    max: String(max),
    step: String(step),
    value: String(value),
  })
  const number = h('b')
  const element = h('label', { class: 'slider' }, h('span', {}, label), number, input)

  function show(): void {
    const at = (number: number) => (number - min) / (max - min)
    const [from, to] = [at(Math.min(Math.max(0, min), input.valueAsNumber)), at(Math.max(Math.max(0, min), input.valueAsNumber))]
    input.style.setProperty('--from', `${100 * from}%`)
    input.style.setProperty('--to', `${100 * to}%`)
    number.textContent = `${input.valueAsNumber > 0 && min < 0 ? '+' : ''}${input.value}${unit}`
    element.classList.toggle('set', input.valueAsNumber !== rest)
  }
  function set(next: number): void {
    input.valueAsNumber = next
    show()
  }
  input.addEventListener('input', () => {
    show()
    onValue(input.valueAsNumber)
  })
  element.addEventListener('dblclick', (event) => {
    event.preventDefault()
    set(rest)
    onValue(rest)
  })
  show()
  return { element, input, set }
}
