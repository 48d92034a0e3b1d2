import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHeader } from './header.ts'
import { heif } from './specimens-heif.ts'
import { flat, jpegSegment, withSegments } from './specimens.ts'

const box = (name: string, body: Uint8Array = Buffer.alloc(0)) => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length)
  head.write(name, 4, 'latin1')
  return Buffer.concat([head, body])
}
const brand = (name: string) => box('ftyp', Buffer.from(`${name}\0\0\0\0${name}`, 'latin1'))
const movie = (name = 'mp42') => Buffer.concat([brand(name), box('moov', Buffer.alloc(40)), box('mdat', Buffer.alloc(200))])

test('header: a clip behind a JPEG is found, whatever is written around it', async () => {
  const photo = await flat([90, 120, 30], 'jpeg')
  const trailer = Buffer.from('....MotionPhoto_DataSEFH\x01\x00', 'latin1')
  for (const clip of [movie(), movie('qt  '), movie('isom')]) {
    const { probe, stillBytes } = readHeader(Buffer.concat([photo, trailer, clip, trailer]), 'image/jpeg')
    const start = photo.length + trailer.length
    assert.deepEqual(probe.clip, { start, end: start + clip.length })
    assert.equal(stillBytes, start)
  }
  assert.equal(readHeader(photo, 'image/jpeg').probe.clip, undefined)
})

test('header: what only looks like a clip is none', async () => {
  const photo = await flat([90, 120, 30], 'jpeg')
  const clipOf = (...behind: Buffer[]) => readHeader(Buffer.concat([photo, ...behind]), 'image/jpeg').probe.clip
  assert.equal(clipOf(movie('heic')), undefined, 'a picture')
  assert.equal(clipOf(brand('mp42'), box('mdat', Buffer.alloc(9))), undefined, 'no index')
  assert.equal(clipOf(Buffer.from('ftyp')), undefined)
  assert.equal(clipOf(movie().subarray(0, 50)), undefined, 'cut off within its index')
  const inside = withSegments(photo, jpegSegment(0xe5, movie()))
  assert.equal(readHeader(inside, 'image/jpeg').probe.clip, undefined, 'within the header')
  assert.deepEqual(clipOf(Buffer.from('xxxxftypmp42'), movie()), { start: photo.length + 12, end: photo.length + 12 + movie().length })
})

test('header: a clip in a HEIC is found in its box, and behind the picture', () => {
  const still = heif()
  const clip = movie('qt  ')
  const boxed = readHeader(Buffer.concat([still, box('mpvd', clip), box('sefd', Buffer.alloc(9))]), 'image/heic')
  assert.deepEqual([boxed.probe.clip, boxed.stillBytes], [{ start: still.length + 8, end: still.length + 8 + clip.length }, undefined])
  const behind = readHeader(Buffer.concat([still, clip]), 'image/heic')
  assert.deepEqual([behind.probe.clip, behind.stillBytes], [{ start: still.length, end: still.length + clip.length }, still.length])
  assert.deepEqual([behind.probe.width, behind.probe.height], [64, 48])
})
