import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { lookIn } from '../../domain/edits.ts'
import { limits } from '../../domain/limits.ts'
import type { MediaRow } from '../../domain/media.ts'
import { planImage } from '../../domain/plan-image.ts'
import { standard } from '../../domain/presets/standard.ts'
import { filters } from '../../media/filters/index.ts'
import { createImageStudio } from '../../media/image/studio.ts'
import { makeSamplePhoto } from '../../media/sample/photo.ts'
import { isWithinScreen, openRoom, type Room, settled, sizes } from './console-harness.ts'

/** Upright 1600 x 2400, and stored lying. */
let photo: Uint8Array
let room: Room
let path: string

before(async () => {
  room = await openRoom(filters)
  photo = await makeSamplePhoto()
  path = join(room.folder, 'lake.jpg')
  await writeFile(path, photo)
})

after(async () => {
  await room?.close()
})

/** Sets a slider as a person with a keyboard would, in one step. */
async function slide(dialog: Locator, label: string, value: number): Promise<void> {
  await dialog.getByRole('slider', { name: label }).fill(String(value))
}

async function edit(page: Page, ...files: string[]): Promise<Locator> {
  await page.getByLabel('Edit photos first').check()
  await page.getByLabel('Choose files').setInputFiles(files)
  const dialog = page.getByRole('dialog', { name: /^Edit / })
  await dialog.getByRole('button', { name: 'Upload', exact: true }).waitFor()
  return dialog
}

/** Pixels of the preview. */
async function previewOf(page: Page): Promise<Buffer> {
  await settled(page)
  const url = String(await page.evaluate(`document.querySelector('.stage > canvas').toDataURL('image/png')`))
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')
}

async function rowOf(name: string): Promise<MediaRow> {
  const row = [...room.catalog.rows.values()].at(-1)
  assert.ok(row, name)
  return row
}

/** The largest rendition that the image worker makes of a row's original. */
async function developed(row: MediaRow): Promise<Uint8Array> {
  const studio = createImageStudio({ slots: 1, limits })
  try {
    const plan = planImage(await studio.probe(photo, 'image/jpeg'), standard, { ...lookIn(row), version: 1 })
    const { files } = await studio.develop(photo, plan, {})
    return files[0]?.data ?? new Uint8Array()
  } finally {
    await studio.close()
  }
}

/** Peak signal-to-noise ratio of two pictures at a size at which neither grain nor the codec counts. */
async function closeness(one: Uint8Array, other: Uint8Array): Promise<number> {
  const size = { width: 300, height: 300, fit: 'fill' } as const
  const [a, b] = await Promise.all([one, other].map((file) => sharp(file).removeAlpha().resize(size).raw().toBuffer()))
  assert.ok(a && b)
  let squares = 0
  for (let at = 0; at < a.length; at++) squares += ((a[at] ?? 0) - (b[at] ?? 0)) ** 2
  return 10 * Math.log10(255 ** 2 / (squares / a.length))
}

test('editor: what the preview shows is what the image worker makes of the upload', async () => {
  const { page, faults } = await room.openPage('desk')
  const dialog = await edit(page, path)
  await dialog.getByRole('button', { name: '4:5' }).click()
  await slide(dialog, 'Straighten', 6)
  await settled(page)
  await room.screenshot(page, 'editor-crop-desk')
  await dialog.getByRole('tab', { name: 'Filter' }).click()
  await dialog.getByRole('button', { name: 'Clarendon' }).click()
  await slide(dialog, 'Strength', 80)
  // The last thumbnail is painted: all of them are.
  await dialog.locator('.strip li:last-child canvas').waitFor({ state: 'attached' })
  await settled(page)
  await room.screenshot(page, 'editor-filter-desk')
  await dialog.getByRole('tab', { name: 'Adjust' }).click()
  for (const [label, value] of [
    ['Brightness', 10],
    ['Contrast', 15],
    ['Warmth', -30],
    ['Saturation', 20],
    ['Fade', 10],
    ['Highlights', -20],
    ['Shadows', 25],
    ['Vignette', 60],
    ['Sharpen', 30],
  ] as const)
    await slide(dialog, label, value)
  const seen = await previewOf(page)
  await room.screenshot(page, 'editor-adjust-desk')
  await dialog.getByRole('button', { name: 'Upload', exact: true }).click()
  await page.getByRole('button', { name: 'Open lake.jpg' }).waitFor()
  const row = await rowOf('lake.jpg')
  assert.equal(row.filter, 'clarendon')
  const { framing, ...edits } = row.edits ?? {}
  assert.deepEqual(edits, {
    strength: 80,
    brightness: 10,
    contrast: 15,
    warmth: -30,
    saturation: 20,
    fade: 10,
    highlights: -20,
    shadows: 25,
    vignette: 60,
    sharpen: 30,
  })
  assert.equal(framing?.straighten, 6)
  const made = await developed(row)
  const { width, height } = await sharp(made).metadata()
  assert.ok(Math.abs(width / height - 4 / 5) < 0.004, `${width} x ${height} is 4:5 after straightening too`)
  const decibels = await closeness(seen, made)
  const without = await closeness(await sharp(seen).modulate({ brightness: 1.03 }).toBuffer(), made)
  assert.ok(decibels > 38, `${decibels.toFixed(1)} dB`)
  assert.ok(without < decibels - 3, `a difference of three percent would be seen: ${without.toFixed(1)} dB`)
  assert.deepEqual(faults, [])
  await page.context().close()
})

test('editor: the box is dragged by its middle and its corners, turns with the picture, and ends as pixels of the photo', async () => {
  const { page, faults } = await room.openPage('desk')
  const dialog = await edit(page, path)
  await dialog.getByRole('button', { name: '1:1', exact: true }).click()
  await dialog.getByRole('group', { name: 'Crop: 1600 by 1600 pixels, 0 from the left, 400 from the top' }).waitFor()
  const surface = await dialog.locator('.crop-surface').boundingBox()
  assert.ok(surface)
  const scale = surface.width / 1600
  const drag = async (x: number, y: number, right: number, down: number) => {
    await page.mouse.move(surface.x + x * scale, surface.y + y * scale)
    await page.mouse.down()
    await page.mouse.move(surface.x + (x + right) * scale, surface.y + (y + down) * scale, { steps: 3 })
    await page.mouse.up()
  }
  /** A pointer goes by the screen's pixels, of which one is some of the photo's. */
  const isNear = async (expected: readonly number[]) => {
    const label = (await dialog.getByRole('group', { name: /^Crop/ }).getAttribute('aria-label')) ?? ''
    const numbers = [...label.matchAll(/\d+/g)].map(([number]) => Number(number))
    assert.ok(numbers.length === 4 && numbers.every((number, at) => Math.abs(number - (expected[at] ?? 0)) <= 5), label)
  }
  await drag(1600, 2000, -800, -800)
  await isNear([800, 800, 0, 400])
  await drag(300, 700, 400, 9_999)
  await isNear([800, 800, 400, 1600])
  await dialog.getByRole('button', { name: 'Turn right' }).click()
  await isNear([800, 800, 0, 400])
  await settled(page)
  await room.screenshot(page, 'editor-turned-desk')
  // The small picture beside the box is there as a whole, without a scroll.
  const [inset, panel] = await Promise.all(['.inset', '#panel-0'].map(async (part) => await dialog.locator(part).boundingBox()))
  assert.ok(inset && panel && inset.height > 50 && inset.y + inset.height <= panel.y + panel.height + 1, JSON.stringify({ inset, panel }))
  await dialog.getByRole('button', { name: 'Upload', exact: true }).click()
  await page.getByRole('button', { name: 'Open lake.jpg' }).waitFor()
  const { crop, rotate } = (await rowOf('lake.jpg')).edits?.framing ?? {}
  assert.ok(crop && rotate === 90)
  assert.equal(crop.width, crop.height)
  assert.equal(crop.y + crop.height, 2400)
  assert.ok(Math.abs(crop.x - 400) <= 5 && Math.abs(crop.width - 800) <= 5, JSON.stringify(crop))
  assert.deepEqual(faults, [])
  await page.context().close()
})

test('editor: keys alone crop, choose and send, also on a phone, with nothing wider than the screen', async () => {
  const { page, faults } = await room.openPage('phone')
  const dialog = await edit(page, path)
  await dialog.getByRole('button', { name: 'Free' }).focus()
  await page.keyboard.press('Enter')
  const handle = dialog.getByRole('button', { name: /lower right/ })
  await handle.focus()
  await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('Shift+ArrowUp')
  await dialog.getByRole('group', { name: /^Crop: 1480 by 2280/ }).focus()
  await page.keyboard.press('ArrowRight')
  await dialog.getByRole('group', { name: /^Crop: 1480 by 2280 pixels, 24 from the left, 0 from the top/ }).waitFor()
  await settled(page)
  assert.ok(await isWithinScreen(page))
  await room.screenshot(page, 'editor-crop-phone')
  // A row that goes on beyond the screen says so, at the end at which it does.
  const aspects = dialog.getByRole('group', { name: 'Aspect' })
  assert.equal(await aspects.getAttribute('data-more'), 'end')
  await dialog.getByRole('button', { name: '16:9' }).focus()
  await dialog.locator('[aria-label="Aspect"][data-more="start"]').waitFor()
  await dialog.getByRole('tab', { name: 'Crop' }).focus()
  await page.keyboard.press('ArrowRight')
  await dialog.locator('.strip li:last-child canvas').waitFor({ state: 'attached' })
  await dialog.getByRole('button', { name: 'Juno' }).focus()
  await page.keyboard.press('Space')
  await settled(page)
  assert.ok(await isWithinScreen(page))
  await room.screenshot(page, 'editor-filter-phone')
  await dialog.getByRole('tab', { name: 'Filter' }).focus()
  await page.keyboard.press('ArrowRight')
  await dialog.getByRole('slider', { name: 'Warmth' }).focus()
  for (let press = 0; press < 3; press++) await page.keyboard.press('ArrowRight')
  await settled(page)
  assert.ok(await isWithinScreen(page))
  await room.screenshot(page, 'editor-adjust-phone')
  // What a finger has to hit is large enough for one.
  const small = await page.evaluate(`[...document.querySelectorAll('.editor button')].filter((button) => {
    const { width, height } = button.getBoundingClientRect()
    return width > 0 && (height < 40 || width < 40)
  }).map((button) => button.textContent)`)
  assert.deepEqual(small, [])
  await dialog.getByRole('button', { name: 'Upload', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Open lake.jpg' }).waitFor()
  const { filter, edits } = await rowOf('lake.jpg')
  assert.deepEqual([filter, edits], ['juno', { warmth: 3, framing: { crop: { unit: 'pixels', x: 24, y: 0, width: 1480, height: 2280 } } }])
  assert.deepEqual(faults, [])
  await page.context().close()
})

test('editor: several photos come one after the other, one look does for all, and leaving sends nothing more', async () => {
  const { page } = await room.openPage('desk')
  const others = await Promise.all(
    ['b.jpg', 'c.jpg'].map(async (name) => {
      await writeFile(join(room.folder, name), await readFile(path))
      return join(room.folder, name)
    }),
  )
  const count = room.catalog.rows.size
  const dialog = await edit(page, path, ...others)
  await dialog.getByRole('tab', { name: 'Filter' }).click()
  await dialog.getByRole('button', { name: 'Moon' }).click()
  await dialog.getByRole('button', { name: 'Same look for all 3' }).click()
  for (const name of ['lake.jpg', 'b.jpg', 'c.jpg'])
    await page
      .getByRole('button', { name: `Open ${name}` })
      .first()
      .waitFor()
  assert.deepEqual(
    [...room.catalog.rows.values()].slice(count).map(({ filter }) => filter),
    ['moon', 'moon', 'moon'],
  )
  await edit(page, path)
  await page.getByLabel('Choose files').setInputFiles(others.slice(0, 1))
  await dialog.getByRole('button', { name: 'Do not upload' }).click()
  await page.getByRole('dialog', { name: 'Edit b.jpg' }).getByRole('button', { name: 'Do not upload' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await edit(page, path, ...others)
  await page.keyboard.press('Escape')
  await page.getByText('3 of 3 photos not uploaded.').waitFor()
  assert.equal(room.catalog.rows.size, count + 3)
  await page.context().close()
})

test('editor: a format that the browser does not show can be edited all the same, and says so', async () => {
  const { page } = await room.openPage('desk')
  const unseen = join(room.folder, 'unseen.heic')
  await writeFile(unseen, Buffer.concat([Buffer.from('0000001866747970686569630000000068656963', 'hex'), Buffer.alloc(4000)]))
  const dialog = await edit(page, unseen)
  await dialog.getByText('This browser does not show HEIC').waitFor()
  await dialog.getByRole('button', { name: 'Turn left' }).click()
  await room.screenshot(page, 'editor-unseen-desk')
  const faint = await page.evaluate(`[...document.querySelectorAll('.chips button')]
    .filter((button) => getComputedStyle(button).opacity < 1)
    .map((button) => button.textContent)`)
  assert.deepEqual(faint, ['Free', '1:1', '4:5', '1.91:1', '16:9'], 'what cannot be chosen looks so, and nothing else')
  await page.setViewportSize(sizes.phone)
  assert.ok(await isWithinScreen(page))
  await dialog.getByRole('button', { name: 'Upload', exact: true }).click()
  await page.locator('.card', { hasText: 'unseen.heic' }).waitFor()
  await page.context().close()
})
