import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { testKey } from '../../api/testing.ts'
import { isWithinScreen, openRoom, type Room, settled, sizes, tool } from './console-harness.ts'

let room: Room
const photos: string[] = []
let clip: string

const openPage: Room['openPage'] = (size, address) => room.openPage(size, address)
const screenshot: Room['screenshot'] = (page, name) => room.screenshot(page, name)

before(async () => {
  room = await openRoom()
  for (const [index, place] of [
    'start_scale=0.8',
    'start_scale=0.05:start_x=-0.75:start_y=0.1',
    'start_scale=0.004:start_x=-0.743',
  ].entries()) {
    const path = join(room.folder, `photo-${index + 1}.jpg`)
    const size = index === 1 ? '1440x1920' : '1600x1200'
    await room.ffmpeg(['-f', 'lavfi', '-i', `mandelbrot=s=${size}:maxiter=900:${place}`, '-frames:v', '1', '-q:v', '3', path])
    photos.push(path)
  }
  clip = join(room.folder, 'clip.mp4')
  await room.ffmpeg([
    '-f',
    'lavfi',
    '-i',
    'gradients=s=640x360:n=4:speed=0.05:seed=7:rate=25',
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=220',
    '-t',
    '4',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
    clip,
  ])
})

after(async () => {
  await room?.close()
})

test('console: chromium is there', () => {
  assert.ok(existsSync(tool('chromium')))
})

test('console: asks for a key, says when it is wrong, and takes the right one', async () => {
  const { page } = await openPage('phone', '/')
  await page.getByLabel('API key').waitFor()
  await screenshot(page, 'gate-phone')
  await page.getByLabel('API key').fill('dk_a-wrong-key')
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByText('The key was refused.').or(page.getByText('The API key is missing or wrong.')).waitFor()
  await page.getByLabel('API key').fill(testKey)
  await page.keyboard.press('Enter')
  await page.getByText('Drop photos or videos here').waitFor()
  await page.getByText('Nothing here yet').waitFor()
  await page.context().close()
})

test('console: the key in the address is kept for the tab and taken out of the address bar', async () => {
  const { page, faults } = await openPage('wide')
  await page.getByText('Drop photos or videos here').waitFor()
  assert.equal(page.url(), `${room.api.base}/`)
  await page.reload()
  await page.getByText('Drop photos or videos here').waitFor()
  assert.deepEqual(faults, [])
  await page.context().close()
})

test('console: uploads go through their stages in front of you, are looked at, played and erased', async () => {
  const { page, faults } = await openPage('wide')
  room.pipeline.hold()
  await page.getByLabel('Choose files').setInputFiles(photos)
  await page.getByLabel('Filter').selectOption('mono')
  await page.getByLabel('Choose files').setInputFiles(clip)
  await page.getByRole('img', { name: /Stage 2 of 4: develop · chunks 2\/5/ }).waitFor()
  await page.locator('.card canvas.blur').nth(photos.length).waitFor()
  // The video can be opened before it is done.
  await page.getByRole('button', { name: 'Open clip.mp4' }).click()
  await page
    .getByRole('dialog')
    .getByText(/Playable after [\d.]+ s/)
    .waitFor()
  await page.getByRole('dialog').getByText('encoding · 2 of 5 chunks').waitFor()
  assert.equal(await page.locator('.cells i.done').count(), 2)
  assert.equal(await page.locator('.cells i').count(), 5)
  await page.getByRole('dialog').getByRole('radio').nth(2).waitFor()
  await screenshot(page, 'playable-desk')
  await page.setViewportSize(sizes.phone)
  assert.ok(await isWithinScreen(page))
  await screenshot(page, 'playable-phone')
  await page.setViewportSize(sizes.wide)
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await screenshot(page, 'developing-desk')
  await page.setViewportSize(sizes.phone)
  await screenshot(page, 'developing-phone')
  await page.setViewportSize(sizes.wide)
  room.pipeline.release()
  const names = photos.map((path) => path.slice(path.lastIndexOf('/') + 1))
  for (const name of [...names, 'clip.mp4']) await page.getByRole('button', { name: `Open ${name}` }).waitFor()
  assert.deepEqual(room.pipeline.failures(), [])
  assert.match((await page.getByRole('status').textContent()) ?? '', /ready/)

  // Refused by the page, by the API and by the room.pipeline.
  await writeFile(join(room.folder, 'notes.jpg'), 'these are notes, and by no means a picture')
  await writeFile(join(room.folder, 'empty.png'), '')
  await writeFile(join(room.folder, 'torn.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0x10, 0x4a, 0x46, 0x49, 0x46]))
  await page.getByLabel('Choose files').setInputFiles(['notes.jpg', 'empty.png', 'torn.jpg'].map((name) => join(room.folder, name)))
  for (const code of ['MEDIA_TYPE_UNSUPPORTED', 'UPLOAD_EMPTY', 'MEDIA_CORRUPT']) await page.locator('.card', { hasText: code }).waitFor()
  assert.match((await page.locator('.card', { hasText: 'MEDIA_CORRUPT' }).textContent()) ?? '', /Export it again/)
  await settled(page)
  await screenshot(page, 'grid-desk')

  // The photo and its ladder, by keyboard.
  await page.getByRole('button', { name: `Open ${names[0]}` }).focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Nikon FM2').waitFor()
  assert.equal(await dialog.locator('source[type="image/webp"]').count(), 1)
  const rungs = dialog.getByRole('region', { name: 'Renditions' }).getByRole('listitem')
  assert.equal(await rungs.count(), 10)
  await settled(page)
  await screenshot(page, 'photo-desk')
  await rungs.nth(8).getByRole('button').click()
  await dialog.locator('.frame img.developed').waitFor()
  assert.equal(await page.evaluate(`document.querySelector('.frame img').naturalWidth`), 150)

  // Every filter beside the others, made when asked for.
  await dialog.getByRole('button', { name: 'Show in every filter' }).click()
  const filters = dialog.getByRole('region', { name: 'Filters' })
  await filters.getByRole('button', { name: /^Original/ }).waitFor()
  assert.deepEqual(await filters.locator('b').allTextContents(), ['Original', 'Mono', 'Sepia II'])
  await filters.getByRole('button', { name: /^Mono/ }).click()
  await dialog.getByRole('img', { name: /^Mono at 320 by/ }).waitFor()
  await settled(page)
  await screenshot(page, 'filters-desk')
  await page.setViewportSize(sizes.phone)
  await filters.scrollIntoViewIfNeeded()
  assert.ok(await isWithinScreen(page))
  await screenshot(page, 'filters-phone')
  await page.setViewportSize(sizes.wide)
  const link = await dialog.getByRole('link', { name: 'Workflow in Temporal' }).getAttribute('href')
  assert.match(link ?? '', /^http:\/\/127\.0\.0\.1:8233\/namespaces\/default\/workflows\/ingest%3Aacme%3A[0-9a-z]{13}$/)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })

  // The video plays.
  await page.getByRole('button', { name: 'Open clip.mp4' }).click()
  const ladder = dialog.getByRole('group', { name: 'Quality' })
  await ladder.getByRole('radio').nth(2).waitFor()
  assert.deepEqual(await ladder.locator('b').allTextContents(), ['Auto', '360p', '240p'])
  await dialog.getByText(/Playable after [\d.]+ s/).waitFor()
  assert.equal(await page.locator('.cells i.done').count(), 5)
  await page.evaluate(`document.querySelector('video').play()`)
  await page.evaluate(`new Promise((resolve) => {
    const video = document.querySelector('video')
    video.addEventListener('timeupdate', () => video.currentTime > 0.4 && resolve())
  })`)
  await screenshot(page, 'video-desk')
  await ladder.getByRole('radio').nth(2).check()
  await dialog.getByText(/showing \d+ × 240/).waitFor()
  assert.equal(await ladder.locator('.rung.now b').textContent(), '240p')
  const strip = await dialog.locator('.scrub').boundingBox()
  assert.ok(strip)
  await page.mouse.move(strip.x + strip.width * 0.6, strip.y + strip.height / 2)
  await dialog.locator('.scrub-picture').waitFor()
  assert.match((await dialog.locator('.scrub-picture').getAttribute('style')) ?? '', /-320px/)
  await screenshot(page, 'storyboard-desk')
  await page.mouse.click(strip.x + strip.width * 0.6, strip.y + strip.height / 2)
  assert.ok(Math.abs(Number(await page.evaluate(`document.querySelector('video').currentTime`)) - 2.4) < 0.3)
  await dialog.getByRole('button', { name: 'Close' }).click()

  // Erased, after a second thought.
  await page.getByRole('button', { name: `Open ${names[1]}` }).click()
  await dialog.getByRole('button', { name: 'Erase…' }).click()
  await screenshot(page, 'erase-desk')
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  await dialog.getByRole('button', { name: 'Erase…' }).click()
  await dialog.getByRole('button', { name: 'Erase for ever' }).click()
  await page.locator('.card[data-state="erased"]', { hasText: 'seen to be refused everywhere' }).waitFor()
  // The one upload that the API itself refuses is an error to the browser too.
  assert.deepEqual(
    faults.filter((fault) => !fault.includes('415')),
    [],
  )
  await page.context().close()
})

test('console: what was there before is shown on load, also on a phone, with nothing wider than the screen', async () => {
  const { page, faults } = await openPage('phone')
  await page.getByRole('button', { name: /^Open video/i }).waitFor()
  assert.equal(await page.locator('.card').count(), photos.length + 2)
  assert.ok(await isWithinScreen(page))
  await settled(page)
  await screenshot(page, 'grid-phone')
  await page
    .getByRole('button', { name: /^Open photo/i })
    .first()
    .click()
  await page.getByRole('dialog').getByText('Nikon FM2').waitFor()
  await settled(page)
  await screenshot(page, 'photo-phone')
  assert.ok(await isWithinScreen(page))
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: /^Open video/i }).click()
  await page.getByRole('group', { name: 'Quality' }).getByRole('radio').nth(2).waitFor()
  await settled(page)
  await screenshot(page, 'video-phone')
  assert.deepEqual(faults, [])
  await page.context().close()
})

test('console: motion is left out for those who ask for that', async () => {
  const context = await room.browser.newContext({ viewport: sizes.wide, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(`${room.api.base}/#key=${testKey}`)
  await page.locator('.plate img').first().waitFor()
  assert.equal(await page.evaluate(`getComputedStyle(document.querySelector('.plate img')).transitionDuration`), '0s')
  await context.close()
})
