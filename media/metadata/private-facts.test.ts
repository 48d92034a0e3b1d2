import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp, { type Exif } from 'sharp'
import { readHeader } from '../image/header.ts'
import { orientationOf } from './orientation.ts'
import { privateFactsOf } from './private-facts.ts'

/** The EXIF block that an encoder writes for these tags. */
async function blockOf(exif: Exif): Promise<Uint8Array> {
  const jpeg = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#000' } })
    .withExif(exif)
    .jpeg()
    .toBuffer()
  const block = readHeader(jpeg, 'image/jpeg').exif
  assert.ok(block)
  return block
}

const phone: Exif = {
  IFD0: { Make: 'Acme', Model: 'Acme One', Software: 'firmware 7' },
  IFD2: { DateTimeOriginal: '2024:02:29 23:59:58', OffsetTimeOriginal: '-03:30' },
  IFD3: { GPSLatitudeRef: 'S', GPSLatitude: '33/1 51/1 2500/100', GPSLongitudeRef: 'E', GPSLongitude: '151/1 12/1 3600/100' },
}

test('private facts: time, camera, software and place are read', async () => {
  const facts = await privateFactsOf(await blockOf(phone))
  assert.deepEqual(
    { ...facts, latitude: facts.latitude?.toFixed(5), longitude: facts.longitude?.toFixed(5) },
    {
      takenAt: '2024-02-29T23:59:58-03:30',
      camera: 'Acme One',
      software: 'firmware 7',
      latitude: '-33.85694',
      longitude: '151.21000',
    },
  )
})

test('private facts: what is missing or impossible is left out', async () => {
  assert.deepEqual(await privateFactsOf(null), {})
  assert.deepEqual(await privateFactsOf(await blockOf({ IFD0: { Model: 'Two\u0001\u0002  lines' } })), { camera: 'Two lines' })
  assert.deepEqual(await privateFactsOf(await blockOf({ IFD2: { DateTimeOriginal: '2023:02:29 12:00:00' } })), {}, 'no such day')
  assert.deepEqual(await privateFactsOf(await blockOf({ IFD2: { DateTimeOriginal: '0000:00:00 00:00:00' } })), {})
  const far = { GPSLatitudeRef: 'N', GPSLatitude: '91/1 0/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '0/1 0/1 0/1' }
  assert.deepEqual(await privateFactsOf(await blockOf({ IFD3: far })), {}, 'beyond the pole')
  const nowhere = { GPSLatitudeRef: 'N', GPSLatitude: '0/0 0/0 0/0', GPSLongitudeRef: 'E', GPSLongitude: '0/0 0/0 0/0' }
  assert.deepEqual(await privateFactsOf(await blockOf({ IFD3: nowhere })), {}, 'not a number')
})

test('private facts: no damage makes them throw or gives more than short texts and numbers in range', async () => {
  const block = await blockOf(phone)
  let seed = 11
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let round = 0; round < 1_500; round++) {
    const damaged = Buffer.from(block.subarray(0, round % 3 === 0 ? random(block.length) : block.length))
    for (let hits = 0; hits <= round % 6 && damaged.length > 0; hits++) damaged[random(damaged.length)] = random(256)
    const facts = await privateFactsOf(damaged)
    for (const text of [facts.camera, facts.software]) assert.ok(text === undefined || (text.length > 0 && text.length <= 241))
    assert.ok(facts.latitude === undefined || Math.abs(facts.latitude) <= 90)
    assert.ok(facts.takenAt === undefined || !Number.isNaN(Date.parse(facts.takenAt)))
    const orientation = orientationOf(damaged)
    assert.ok(orientation >= 1 && orientation <= 8)
  }
})
