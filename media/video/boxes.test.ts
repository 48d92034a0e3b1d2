import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boxesIn, findBox, type Fragment } from './boxes.ts'
import { groupFragments, readTrack } from './track.ts'

function box(type: string, ...parts: (Uint8Array | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}
const u32 = (...values: number[]) => values.flatMap((value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255])

const avc1 = box('avc1', new Uint8Array(78), box('avcC', [1, 0x64, 0x00, 0x1f, 0xff]))
const stbl = box('stbl', box('stsd', u32(0, 1), avc1))
const moov = box('moov', box('trak', box('mdia', box('mdhd', u32(0, 0, 0, 1000, 0)), box('minf', stbl))))
const fragment = (decodeTicks: number, samples: number, offset = 0) => {
  const rows = Array.from({ length: samples }, (_, at) => u32(500, at === 0 ? offset : 0)).flat()
  const trun = box('trun', u32(0x0100_0901, samples, 0), rows)
  return Buffer.concat([
    box('moof', box('mfhd', u32(0, 1)), box('traf', box('tfhd', u32(0, 1)), box('tfdt', u32(0, decodeTicks)), trun)),
    box('mdat', [1, 2, 3]),
  ])
}

test('boxes: a track is its init and its fragments, whole, with times from tfdt and trun', () => {
  const init = Buffer.concat([box('ftyp', [0]), moov])
  const [one, two] = [fragment(3000, 8), fragment(7000, 8)]
  const track = readTrack(Buffer.concat([init, one, two, box('mfra', [])]))
  assert.deepEqual(Buffer.from(track.init), init)
  assert.equal(track.codecs, 'avc1.64001f')
  assert.deepEqual([track.samples, track.startTicks, track.timescale], [16, 3000, 1000])
  assert.deepEqual(
    track.segments.map((segment) => [Buffer.from(segment.data), segment.durationSeconds]),
    [
      [one, 4],
      [two, 4],
    ],
  )
})

test('boxes: a gap between fragments and a box that does not fit are errors', () => {
  assert.throws(() => readTrack(Buffer.concat([moov, fragment(0, 8), fragment(4001, 8)])), /4001 where 4000 was due/)
  assert.throws(() => readTrack(box('ftyp', [0])), /without moov/)
  assert.throws(() => [...boxesIn(Buffer.from(u32(100, 0x6d6f6f76)))], /does not fit/)
  assert.throws(() => [...boxesIn(Buffer.from([0, 0, 0]))], /cut off/)
  assert.throws(() => [...boxesIn(Buffer.from(u32(4, 0x6d6f6f76)))], /does not fit/)
})

test('boxes: 64-bit sizes and sizes to the end are read', () => {
  const large = Buffer.from([...u32(1, 0x6d646174, 0, 20), 1, 2, 3, 4])
  const rest = Buffer.from([...u32(0, 0x66726565), 9, 9])
  assert.deepEqual(
    [...boxesIn(Buffer.concat([large, rest]))].map(({ type, body, end }) => [type, body, end]),
    [
      ['mdat', 16, 20],
      ['free', 28, 30],
    ],
  )
  assert.equal(findBox(moov, ['moov', 'absent']), null)
})

test('boxes: fragments are gathered up to six seconds, a longer one stands alone', () => {
  const lengths = (ticks: readonly number[]) =>
    groupFragments(
      ticks.map(
        (durationTicks): Fragment => ({ start: 0, end: 0, firstEnd: 0, decodeTicks: 0, offsetTicks: 0, samples: 1, durationTicks }),
      ),
      1000,
    ).map((group) => group.map((part) => part.durationTicks))
  assert.deepEqual(lengths([2002, 2002, 2002, 1500]), [[2002, 2002, 2002], [1500]])
  assert.deepEqual(lengths([10_000, 2000, 2000]), [[10_000], [2000, 2000]])
})
