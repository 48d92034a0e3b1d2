import { h } from './dom.ts'

interface Cue {
  readonly from: number
  readonly to: number
  readonly sheet: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The picture over a strip that shows, where the pointer is, what is seen at that time. Keys and readers have the video's own controls. */
export function createStoryboard(index: string, strip: HTMLElement): HTMLElement {
  const picture = h('div', { class: 'scrub-picture', hidden: true })
  let cues: readonly Cue[] = []

  fetch(index)
    .then(async (response) => {
      cues = cuesOf(await response.text(), index)
    })
    .catch((error: unknown) => console.warn('storyboard', error))

  strip.addEventListener('pointermove', (event) => {
    const { left, width } = strip.getBoundingClientRect()
    const time = Math.min(1, Math.max(0, (event.clientX - left) / width)) * (cues.at(-1)?.to ?? 0)
    const cue = cues.find(({ from, to }) => from <= time && time < to) ?? cues.at(-1)
    if (!cue) return
    const middle = Math.min(width - cue.width / 2, Math.max(cue.width / 2, event.clientX - left))
    Object.assign(picture.style, {
      width: `${cue.width}px`,
      height: `${cue.height}px`,
      left: `${middle - cue.width / 2}px`,
      backgroundImage: `url("${cue.sheet}")`,
      backgroundPosition: `-${cue.x}px -${cue.y}px`,
    })
    picture.hidden = false
  })
  strip.addEventListener('pointerleave', () => {
    picture.hidden = true
  })
  return picture
}

/** The cues of an index as our server writes it: WebVTT with media fragments. */
export function cuesOf(text: string, base: string): Cue[] {
  const found = text.matchAll(/([\d:.]+) --> ([\d:.]+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g)
  return [...found].map(([, from = '', to = '', sheet = '', ...box]) => {
    const [x = 0, y = 0, width = 0, height = 0] = box.map(Number)
    return { from: secondsOf(from), to: secondsOf(to), sheet: new URL(sheet, base).href, x, y, width, height }
  })
}

function secondsOf(time: string): number {
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
