import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { operatorKey, testKey } from '../../api/testing.ts'
import type { VolumeOverview } from '../../domain/volume-ports.ts'
import { isWithinScreen, openRoom, type Room, sizes } from './console-harness.ts'

let room: Room

function volumeOf(volume: number, scrub: VolumeOverview['scrub']): VolumeOverview {
  const counts = { bytes: 3 * 1024 ** 2, bytesErased: 1024, bytesHeld: 800, keysErased: 3, erasedMs: 5 }
  return { row: { volume, writer: 'w', epoch: 1, state: 'sealed', leaseMs: null, generation: 0, ...counts }, scrub }
}

function scrubOf(volume: number, found: number, bad: { start: number; end: number }[]): VolumeOverview['scrub'] {
  const counts = { bytes: 1_000, needles: 9, erasedKeys: 1, deadBytes: 200, tombstoneStrayBytes: 0, tookMs: 4_000 }
  return { agoMs: 3_600_000, report: { volume, bad, found, repaired: found - bad.length, ...counts } }
}

before(async () => {
  room = await openRoom()
  const hurt = scrubOf(2, 2, [{ start: 4_096, end: 6_144 }])
  room.catalog.volumes.push(volumeOf(1, scrubOf(1, 0, [])), volumeOf(2, hurt))
  for (let volume = 3; volume <= 120; volume += 1) room.catalog.volumes.push(volumeOf(volume, null))
})

after(async () => {
  await room?.close()
})

test('volumes page: an operator sees each volume with what its last scrub found, page by page', async () => {
  const { page, faults } = await room.openPage('desk', `/volumes#key=${operatorKey}`)
  const table = page.getByRole('region', { name: 'Volumes' }).getByRole('table')
  await table.waitFor()
  assert.equal(page.url(), `${room.api.base}/volumes`)
  const textOf = async (row: number) => (await table.locator('tbody tr').nth(row).locator('th, td').allTextContents()).map(plain)
  assert.deepEqual(await textOf(0), ['1', 'sealed', '3 MiB', '1 KiB', '1 h ago, 9 needles in 0:04', '0', '0', 'nothing'])
  assert.deepEqual(await textOf(1), ['2', 'sealed', '3 MiB', '1 KiB', '1 h ago, 9 needles in 0:04', '2', '1', '2 KiB'])
  assert.deepEqual(await textOf(2), ['3', 'sealed', '3 MiB', '1 KiB', 'never', '–', '–', '–'])
  await page.getByText(/^The first 100 volumes, 300\sMiB\. Damage is left in 1/).waitFor()
  await room.screenshot(page, 'volumes-desk')
  await page.getByRole('button', { name: 'Show more' }).click()
  await page.getByText(/^120 volumes, 360\sMiB\. Damage is left in 1/).waitFor()
  assert.equal(await table.locator('tbody tr').count(), 120)
  assert.equal(await page.getByRole('button', { name: 'Show more' }).isVisible(), false)
  await page.setViewportSize(sizes.phone)
  assert.ok(await isWithinScreen(page))
  await page.evaluate('scrollTo(0, 0)')
  await room.screenshot(page, 'volumes-phone')
  assert.deepEqual(faults, [])
  await page.context().close()
})

test("volumes page: takes an operator's key, refuses a tenant's, and each is kept beside the other", async () => {
  const { page } = await room.openPage('desk')
  await page.getByText('Drop photos or videos here').waitFor()
  await page.goto(`${room.api.base}/volumes`)
  const key = page.getByLabel("Operator's key")
  await key.fill(testKey)
  await page.keyboard.press('Enter')
  await page.getByText('The key was refused.').or(page.getByText('The API key is missing or wrong.')).waitFor()
  await key.fill(operatorKey)
  await page.keyboard.press('Enter')
  await page.getByRole('region', { name: 'Volumes' }).getByRole('table').waitFor()
  await page.goto(room.api.base)
  await page.getByText('Drop photos or videos here').waitFor()
  await page.goto(`${room.api.base}/volumes`)
  await page.getByRole('region', { name: 'Volumes' }).getByRole('table').waitFor()
  await page.context().close()
})

function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ')
}
