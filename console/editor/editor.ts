import type { Rectangle } from '../../domain/framing.ts'
import { h } from '../dom.ts'
import { createCropView } from './crop-view.ts'
import { largestBox, ratioBeforeStraightening, reshapedBox } from './crop-box.ts'
import { createAdjustPanel, createCropPanel, createFilterPanel, type Panel } from './panels.ts'
import { openPhoto, type Photo, renderPhoto } from './render.ts'
import { parametersOf, rectangleAfter, rectangleBefore, seenSize, type Setting, untouched } from './setting.ts'
import { createTabs } from './tabs.ts'

/** Pixels a side that the result is shown with. */
const PREVIEW_SIDE = 1_080
/** Beside the box. */
const INSET_SIDE = 360

export interface EditorOptions {
  readonly dialog: HTMLDialogElement
  readonly filters: readonly string[]
  /** What the photo begins with. */
  readonly filter: string | null
  /** How many photos come after this one. */
  readonly others: number
}

/** What was decided: the upload's parameters, and whether the look (without the crop) is meant for all that follow. */
export interface Decision {
  readonly parameters: Readonly<Record<string, string>>
  readonly lookForOthers: Readonly<Record<string, string>> | null
}

/** Lets a photo be cropped, turned and toned before it is sent. Null when it shall not be sent. */
export async function editPhoto(file: File, { dialog, filters, filter, others }: EditorOptions): Promise<Decision | null> {
  const photo = await openPhoto(file)
  let setting: Setting = { ...untouched, filter }
  let compares = false
  let isCropping = true
  let frame: number | null = null

  const result = h('canvas', { role: 'img', 'aria-label': 'The photo as it will be' })
  const inset = h('canvas', { class: 'inset', role: 'img', 'aria-label': 'The photo as it will be' })
  const crop = createCropView((box) => {
    if (photo) change((before) => ({ ...before, crop: rectangleBefore(box, photo.size, before.orientation) }))
  })
  const before = h('button', { type: 'button', class: 'quiet', 'aria-pressed': 'false' }, 'Before')
  before.addEventListener('click', () => {
    compares = !compares
    before.setAttribute('aria-pressed', String(compares))
    draw()
  })

  function change(next: (setting: Setting) => Setting): void {
    setting = next(setting)
    for (const panel of panels) panel.show(setting)
    draw()
  }

  /** The crop brought to what aspect and angle now ask of it. */
  function fit(next: Setting, from: Rectangle | null): Setting {
    if (!photo || next.aspect === null) return next
    const within = seenSize(photo.size, next.orientation)
    const ratio = ratioBeforeStraightening(next.aspect, next.straighten)
    const box = from === null ? largestBox(ratio, within) : reshapedBox(rectangleAfter(from, photo.size, next.orientation), ratio, within)
    return { ...next, crop: rectangleBefore(box, photo.size, next.orientation) }
  }

  const panels: readonly Panel[] = [
    createCropPanel(
      photo !== null,
      change,
      (aspect, whole) =>
        change((now) => {
          if (whole) return { ...now, aspect: null, crop: null }
          if (aspect !== null) return fit({ ...now, aspect }, null)
          return { ...now, aspect: null, crop: now.crop ?? (photo && { left: 0, top: 0, ...photo.size }) }
        }),
      (straighten) => change((now) => fit({ ...now, straighten }, now.crop)),
    ),
    createFilterPanel(filters, photo, change),
    createAdjustPanel(change),
  ]

  /** The box follows at once, the pixels at most once a frame of the screen, however fast a slider goes. */
  function draw(): void {
    if (!photo) return
    const within = seenSize(photo.size, setting.orientation)
    const box = setting.crop ? rectangleAfter(setting.crop, photo.size, setting.orientation) : { left: 0, top: 0, ...within }
    const ratio = setting.aspect === null ? null : ratioBeforeStraightening(setting.aspect, setting.straighten)
    crop.show({ within, box, ratio, degrees: setting.straighten })
    frame ??= requestAnimationFrame(() => {
      frame = null
      paint(photo)
    })
  }

  function paint(photo: Photo): void {
    const shown = compares ? { ...setting, filter: null, amounts: {} } : setting
    if (!isCropping) return renderPhoto(result, photo, shown, PREVIEW_SIDE)
    renderPhoto(crop.canvas, photo, { ...shown, crop: null, straighten: 0 }, PREVIEW_SIDE)
    renderPhoto(inset, photo, shown, INSET_SIDE)
  }

  const stage = h('div', { class: 'stage editing' })
  const tabs = createTabs(
    [
      { label: 'Crop', element: panels[0]?.element as HTMLElement },
      { label: 'Filter', element: panels[1]?.element as HTMLElement },
      { label: 'Adjust', element: panels[2]?.element as HTMLElement },
    ],
    (index) => {
      isCropping = index === 0
      inset.hidden = !isCropping
      stage.replaceChildren(photo ? (isCropping ? crop.element : result) : unseen(file))
      draw()
    },
  )
  panels[0]?.element.append(inset)
  const { promise, resolve } = Promise.withResolvers<Decision | null>()
  const decide = (lookForOthers: boolean) => {
    const { crop: _, rotate: __, flip: ___, straighten: ____, ...look } = parametersOf(setting)
    resolve({ parameters: parametersOf(setting), lookForOthers: lookForOthers ? look : null })
  }
  const send = h('button', { type: 'button', class: 'primary', onclick: () => decide(false) }, 'Upload')
  const sendAll = h('button', { type: 'button', onclick: () => decide(true) }, `Same look for all ${others + 1}`)
  const cancel = h('button', { type: 'button', class: 'quiet', onclick: () => resolve(null) }, 'Do not upload')
  sendAll.hidden = others === 0
  before.hidden = photo === null
  const side = h('div', { class: 'side' }, h('header', {}, h('h2', {}, file.name), before), tabs, h('footer', {}, send, sendAll, cancel))
  dialog.replaceChildren(h('div', { class: 'sheet' }, stage, side))
  dialog.setAttribute('aria-label', `Edit ${file.name}`)
  change((now) => now)
  dialog.showModal()
  send.focus()
  const closed = () => resolve(null)
  dialog.addEventListener('close', closed, { once: true })
  const decision = await promise
  dialog.removeEventListener('close', closed)
  if (frame !== null) cancelAnimationFrame(frame)
  dialog.close()
  dialog.replaceChildren()
  return decision
}

/** What stands in the photo's place where the browser cannot show it. */
function unseen(file: File): HTMLElement {
  const type = file.name.includes('.') ? file.name.slice(file.name.lastIndexOf('.') + 1).toUpperCase() : 'this kind of file'
  return h(
    'p',
    { class: 'unseen-photo' },
    `This browser does not show ${type}. What you set is done to it all the same; only the crop needs to be seen.`,
  )
}
