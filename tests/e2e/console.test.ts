import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { createMemoryCatalog, createMemoryObjects, startTestApi, type TestApi, testKey } from '../../api/testing.ts'
import { hashKey } from '../../api/keys.ts'
import { bundleConsole } from '../../console/bundle.ts'
import { createFakePipeline, type FakePipeline, type MediaServer, startMediaServer } from './console-pipeline.ts'

const tools = JSON.parse(process.env['DARKROOM_TOOLS'] ?? '{}') as Record<string, string | undefined>
const tool = (name: 'chromium' | 'ffmpeg' | 'ffprobe') => tools[name] ?? `/usr/bin/${name}`
const run = promisify(execFile)

const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } } as const
/** Where the screenshots are kept for a look; without it they go with the folder. */
const shots = process.env['DARKROOM_SHOTS']

let folder: string
let media: MediaServer
let api: TestApi
let pipeline: FakePipeline
let browser: Browser
const photos: string[] = []
let clip: string

async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(shots ?? folder, `${name}.png`) })
}

/** Returns when every picture in sight is there and has come up. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    const inSight = [...document.images].filter((img) => img.getBoundingClientRect().top < innerHeight)
    await Promise.all(inSight.map((img) => img.decode()))
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    await Promise.all(document.getAnimations().filter((running) => running instanceof CSSTransition).map((running) => running.finished.catch(() => {})))
  })()`)
}

const isWithinScreen = (page: Page) => page.evaluate('document.documentElement.scrollWidth <= innerWidth')

/** A page of its own session that fails the test on any error it meets. */
async function openPage(size: keyof typeof sizes, fragment = `#key=${testKey}`): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ viewport: sizes[size], deviceScaleFactor: size === 'phone' ? 2 : 1 })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  await page.goto(`${api.base}/${fragment}`)
  return { page, faults }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-console-'))
  const make = (args: string[]) => run(tool('ffmpeg'), ['-v', 'error', '-y', ...args])
  for (const [index, place] of [
    'start_scale=0.8',
    'start_scale=0.05:start_x=-0.75:start_y=0.1',
    'start_scale=0.004:start_x=-0.743',
  ].entries()) {
    const path = join(folder, `photo-${index + 1}.jpg`)
    const size = index === 1 ? '1440x1920' : '1600x1200'
    await make(['-f', 'lavfi', '-i', `mandelbrot=s=${size}:maxiter=900:${place}`, '-frames:v', '1', '-q:v', '3', path])
    photos.push(path)
  }
  clip = join(folder, 'clip.mp4')
  await make([
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
  media = await startMediaServer()
  const catalog = createMemoryCatalog()
  const objects = createMemoryObjects()
  await catalog.addKey('acme', hashKey(testKey))
  pipeline = createFakePipeline({ catalog, objects, media, ffmpeg: tool('ffmpeg'), ffprobe: tool('ffprobe'), folder })
  api = await startTestApi({
    catalog,
    objects,
    starter: pipeline.starter,
    variants: pipeline.variants,
    urls: {
      variantsUrl: (row) => `${media.origin}/a/${row.id}/`,
      aliasUrl: (row, name) => `${media.origin}/a/${row.id}/${name}`,
      fileUrl: (id, _version, file) => `${media.origin}/m/${id}/${file.name}`,
    },
    consoleAssets: await bundleConsole(),
    consoleConfig: { temporalUi: 'http://127.0.0.1:8233', mediaOrigins: [media.origin] },
  })
  browser = await chromium.launch({
    executablePath: tool('chromium'),
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
})

after(async () => {
  await browser?.close()
  await api?.close()
  await media?.close()
  await rm(folder, { recursive: true, force: true })
})

test('console: chromium is there', () => {
  assert.ok(existsSync(tool('chromium')))
})

test('console: asks for a key, says when it is wrong, and takes the right one', async () => {
  const { page } = await openPage('phone', '')
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
  const { page, faults } = await openPage('desk')
  await page.getByText('Drop photos or videos here').waitFor()
  assert.equal(page.url(), `${api.base}/`)
  await page.reload()
  await page.getByText('Drop photos or videos here').waitFor()
  assert.deepEqual(faults, [])
  await page.context().close()
})

test('console: uploads go through their stages in front of you, are looked at, played and erased', async () => {
  const { page, faults } = await openPage('desk')
  pipeline.hold()
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
  await page.setViewportSize(sizes.desk)
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await screenshot(page, 'developing-desk')
  await page.setViewportSize(sizes.phone)
  await screenshot(page, 'developing-phone')
  await page.setViewportSize(sizes.desk)
  pipeline.release()
  const names = photos.map((path) => path.slice(path.lastIndexOf('/') + 1))
  for (const name of [...names, 'clip.mp4']) await page.getByRole('button', { name: `Open ${name}` }).waitFor()
  assert.deepEqual(pipeline.failures(), [])
  assert.match((await page.getByRole('status').textContent()) ?? '', /ready/)

  // Refused by the page, by the API and by the pipeline.
  await writeFile(join(folder, 'notes.jpg'), 'these are notes, and by no means a picture')
  await writeFile(join(folder, 'empty.png'), '')
  await writeFile(join(folder, 'torn.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0x10, 0x4a, 0x46, 0x49, 0x46]))
  await page.getByLabel('Choose files').setInputFiles(['notes.jpg', 'empty.png', 'torn.jpg'].map((name) => join(folder, name)))
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
  assert.deepEqual(await filters.locator('b').allTextContents(), ['Original', 'Mono', 'Sepia'])
  await filters.getByRole('button', { name: /^Mono/ }).click()
  await dialog.getByRole('img', { name: /^Mono at 320 by/ }).waitFor()
  await settled(page)
  await screenshot(page, 'filters-desk')
  await page.setViewportSize(sizes.phone)
  await filters.scrollIntoViewIfNeeded()
  assert.ok(await isWithinScreen(page))
  await screenshot(page, 'filters-phone')
  await page.setViewportSize(sizes.desk)
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
  const context = await browser.newContext({ viewport: sizes.desk, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(`${api.base}/#key=${testKey}`)
  await page.locator('.plate img').first().waitFor()
  assert.equal(await page.evaluate(`getComputedStyle(document.querySelector('.plate img')).transitionDuration`), '0s')
  await context.close()
})
