import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import sharp from 'sharp'
import { testKey } from '../../api/testing.ts'
import { makeSamplePhoto } from '../../media/sample/photo.ts'
import { isWithinScreen, openRoom, type Room, settled, sizes } from './console-harness.ts'

let room: Room
let id: string

before(async () => {
  room = await openRoom()
  // The pipeline that stands in knows nothing of orientations.
  const body = await sharp(await makeSamplePhoto())
    .autoOrient()
    .jpeg()
    .toBuffer()
  await writeFile(join(room.folder, 'lake.jpg'), body)
  const response = await room.api.call('/v1/uploads?filter=sepia', { method: 'POST', body })
  id = ((await response.json()) as { id: string }).id
})

after(async () => {
  await room?.close()
})

test('photo page: follows a photo that is being made, then shows the upload, the ladder and every filter', async () => {
  const { page, faults } = await room.openPage('desk', `/photos/${id}#key=${testKey}`)
  await page.getByRole('region', { name: 'Ladder' }).waitFor()
  assert.equal(page.url(), `${room.api.base}/photos/${id}`)
  const compare = page.getByRole('region', { name: 'Upload and result' })
  const upload = compare.getByRole('img', { name: 'The photo as it was uploaded' })
  await upload.waitFor()
  await compare.getByText(/^JPEG of [\d.]+\s[KM]iB, shown at 1080 × 1620$/).waitFor()

  // Every width by every format, with bytes.
  const ladder = page.getByRole('region', { name: 'Ladder' })
  assert.deepEqual(await ladder.getByRole('columnheader').allTextContents(), ['Size', 'jpeg', 'webp'])
  assert.equal(await ladder.locator('tbody tr').count(), 5)
  assert.equal(await ladder.getByRole('button').count(), 10)
  for (const text of await ladder.locator('tbody b').allTextContents()) assert.match(text, /^[\d.]+\s([KM]i)?B$/)

  const shown = page.getByRole('region', { name: 'Filters' })
  await shown.getByRole('button', { name: /^Sepia/ }).waitFor()
  assert.deepEqual(await shown.locator('b').allTextContents(), ['Original', 'Mono', 'Sepia II'])
  await settled(page)
  await room.screenshot(page, 'page-desk')
  await shown.getByRole('button', { name: /^Mono/ }).click()
  await compare.getByRole('img', { name: /^Mono, 320 by/ }).waitFor()
  await ladder.getByRole('button').first().focus()
  await page.keyboard.press('Enter')
  await compare.getByRole('img', { name: /1440 by 2160/ }).waitFor()

  await page.setViewportSize(sizes.phone)
  assert.ok(await isWithinScreen(page))
  await page.evaluate('scrollTo(0, 0)')
  await settled(page)
  await page.screenshot({ path: join(process.env['DARKROOM_SHOTS'] ?? room.folder, 'page-phone.png'), fullPage: true })
  assert.deepEqual(faults, [])
  await page.context().close()
})

test('photo page: is linked from the item, leads back, and takes a key where there is none', async () => {
  const { page, faults } = await room.openPage('desk')
  await page
    .getByRole('button', { name: /^Open photo/i })
    .first()
    .click()
  await page.getByRole('dialog').getByRole('link', { name: 'Page of its own' }).click()
  await page.getByRole('region', { name: 'Ladder' }).waitFor()
  assert.equal(await page.getByText('Drop photos or videos here').isVisible(), false)
  await page.getByRole('link', { name: 'All items' }).click()
  await page.getByText('Drop photos or videos here').waitFor()
  await page.context().close()
  const { page: stranger } = await room.openPage('desk', `/photos/${id}`)
  await stranger.getByLabel('API key').fill(testKey)
  await stranger.keyboard.press('Enter')
  await stranger.getByRole('region', { name: 'Ladder' }).waitFor()
  await stranger.context().close()
  assert.deepEqual(faults, [])
})

test('photo page: what is not there, or is erased, is said', async () => {
  const { page } = await room.openPage('desk', `/photos/0000000000000#key=${testKey}`)
  await page.getByText('There is no such item.').waitFor()
  await page.context().close()
  await room.api.call(`/v1/media/${id}`, { method: 'DELETE' })
  const { page: erased } = await room.openPage('desk', `/photos/${id}#key=${testKey}`)
  await erased.getByText('It is erased.').waitFor()
  await erased.context().close()
})
