import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { codeOf } from '../../domain/errors.ts'
import { limits } from '../../domain/limits.ts'
import { examine } from './examine.ts'
import { readHeader } from './header.ts'
import { animatedWebp, apng, gif, type GifFrame } from './specimens-animation.ts'
import { pngChunk, withChunks } from './specimens.ts'

const frame = (delay: number, colour = 0): GifFrame => ({ width: 8, height: 6, delay, colour })
const codeFor = (bytes: Uint8Array) => {
  try {
    examine(bytes, limits)
    return null
  } catch (error) {
    return codeOf(error)
  }
}

test('header: size, frames, times and loop of a GIF are told', async () => {
  const { probe } = readHeader(gif(8, 6, [frame(4), frame(8), frame(12)], { loops: 2 }), 'image/gif')
  assert.deepEqual([probe.width, probe.height, probe.frames, probe.hasAlpha], [8, 6, 3, false])
  assert.deepEqual(probe.animation, { durationMs: 240, fps: 25, loops: 3 })
  const made = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#123456' } })
    .gif()
    .toBuffer()
  assert.deepEqual([readHeader(made, 'image/gif').probe.frames, readHeader(made, 'image/gif').probe.animation], [1, undefined])
})

test('header: a frame that is not to be seen is shown for a tenth of a second, as browsers do', () => {
  assert.equal(readHeader(gif(8, 6, [frame(0), frame(1)]), 'image/gif').probe.animation?.durationMs, 200)
  assert.equal(readHeader(gif(8, 6, [frame(0), frame(2)]), 'image/gif').probe.animation?.durationMs, 120)
})

test('header: slow frames are put on a grid of at least ten a second, uneven ones on one that has them all', () => {
  const fpsOf = (...delays: number[]) =>
    readHeader(
      gif(
        8,
        6,
        delays.map((delay) => frame(delay)),
      ),
      'image/gif',
    ).probe.animation?.fps
  assert.equal(fpsOf(50, 50), 10)
  assert.equal(fpsOf(4, 6), 50)
  assert.equal(fpsOf(500, 500), 10)
})

test('header: an animated PNG has the frames that are there, not those that it claims', () => {
  const red = { colour: [255, 0, 0], delay: 40 }
  const { probe } = readHeader(apng(5, 4, [red, red, red], { claimed: 4_000_000_000 }), 'image/png')
  assert.deepEqual([probe.frames, probe.animation], [3, { durationMs: 120, fps: 25, loops: 0 }])
  assert.equal(readHeader(apng(5, 4, [red]), 'image/png').probe.animation, undefined)
  const plain = withChunks(apng(5, 4, [red]), pngChunk('tEXt', Buffer.from('a\0b')))
  assert.equal(readHeader(plain, 'image/png').probe.frames, 1)
})

test('header: an animated WebP tells its frames, their times and its loop', async () => {
  const webp = await animatedWebp(
    6,
    4,
    [
      [255, 0, 0],
      [0, 0, 255],
    ],
    [70, 30],
  )
  const { probe } = readHeader(webp, 'image/webp')
  assert.deepEqual([probe.frames, probe.animation], [2, { durationMs: 100, fps: 100, loops: 0 }])
})

test('examine: animations that last or cost too much are refused by their header', () => {
  const tiny: GifFrame = { width: 1, height: 1, delay: 2, colour: 0 }
  const many = Array.from({ length: limits.animationFramesMax + 1 }, () => tiny)
  assert.equal(codeFor(gif(10, 10, many)), 'MEDIA_TOO_COSTLY', 'frames')
  assert.equal(codeFor(gif(6_000, 5_000, many.slice(0, 20))), 'MEDIA_TOO_COSTLY', 'a large canvas with tiny frames')
  assert.equal(codeFor(gif(10, 10, [tiny, { ...tiny, delay: 65_535 }])), 'MEDIA_TOO_LONG')
  assert.equal(codeFor(gif(20_000, 20_000, [tiny])), 'MEDIA_TOO_MANY_PIXELS')
  assert.equal(codeFor(gif(10, 10, [])), 'MEDIA_CORRUPT')
})
