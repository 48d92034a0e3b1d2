import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import { altOf, altPlaces } from '../domain/alt.ts'
import { MediaError } from '../domain/errors.ts'
import { type MediaId, mediaIdOf } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import { stripeIndex } from '../domain/striped.ts'
import { createOrigin } from './origin.ts'
import { formatFilePath } from './url.ts'

const id = mediaIdOf(42n << 23n)
const whole = Buffer.from('the bytes of a film, from its beginning to its end')
const cut = [0, 20, 21, 40, whole.byteLength]
const cookie = '00112233445566ff'
const stripes = cut.slice(1).map((end, at) => ({
  locator: { volume: 3 + at, alt: altOf(1, altPlaces.mp4Stripe(at)), cookie },
  bytes: end - (cut[at] ?? 0),
}))
const path = formatFilePath({ id, version: 1, locator: { volume: 2, alt: altOf(1, altPlaces.mp4), cookie }, name: 'video.mp4' })

async function open(context: TestContext, onRead: (volume: number) => void = () => {}) {
  const erased = new Set<MediaId>()
  const reads: number[] = []
  const origin = createOrigin({
    blobs: {
      async read(_key, { volume }) {
        reads.push(volume)
        onRead(volume)
        const at = volume - 3
        const data = volume === 2 ? stripeIndex(stripes) : whole.subarray(cut[at], cut[at + 1])
        return { data, crc: crc32(data) }
      },
    },
    erasures: { has: (asked) => erased.has(asked), loaded: () => true, ready: () => true },
    limits,
  })
  const base = await origin.listen(0)
  context.after(() => origin.close())
  return { url: base + path, erased, reads }
}

test('origin: a file in stripes is one file, with a size, a validator and every range', async (context) => {
  const { url, reads } = await open(context)
  const response = await fetch(url)
  assert.equal(response.headers.get('content-length'), String(whole.byteLength))
  assert.equal(response.headers.get('content-type'), 'video/mp4')
  assert.equal(await response.text(), whole.toString())
  const etag = response.headers.get('etag') ?? ''
  assert.equal((await fetch(url, { headers: { 'If-None-Match': etag } })).status, 304)
  for (const [start, end] of [
    [0, 0],
    [19, 21],
    [5, 44],
    [40, 49],
  ] as const) {
    const part = await fetch(url, { headers: { Range: `bytes=${start}-${end}`, 'If-Range': etag } })
    assert.equal(part.status, 206)
    assert.equal(part.headers.get('content-range'), `bytes ${start}-${end}/${whole.byteLength}`)
    assert.equal(await part.text(), whole.toString().slice(start, end + 1))
  }
  reads.length = 0
  await (await fetch(url, { headers: { Range: 'bytes=20-20' } })).text()
  assert.deepEqual(reads, [2, 4], 'the index and the one stripe')
  assert.equal((await fetch(url, { headers: { Range: 'bytes=50-' } })).status, 416)
  reads.length = 0
  assert.equal((await fetch(url, { method: 'HEAD' })).headers.get('content-length'), String(whole.byteLength))
  assert.deepEqual(reads, [2], 'no stripe is read to tell the size')
})

test('origin: a file whose item is erased while it is sent is cut off', async (context) => {
  const { url, erased } = await open(context, (volume) => {
    if (volume === 4) erased.add(id)
  })
  await assert.rejects(async () => await (await fetch(url)).text())
  assert.equal((await fetch(url)).status, 410)
})

test('origin: a file of which a stripe cannot be read is cut off, and the origin goes on', async (context) => {
  let broken = true
  const { url } = await open(context, (volume) => {
    if (broken && volume === 5) throw new MediaError('BLOB_CORRUPT')
  })
  await assert.rejects(async () => await (await fetch(url)).text())
  broken = false
  assert.equal(await (await fetch(url)).text(), whole.toString())
})
