import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { planStoryboard } from '../../domain/storyboard.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { ffmpeg, little, makeClip, meanOf, must, studioIn } from './fixtures.ts'

test('studio: a storyboard shows for each time what is seen then, to the very end', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'storyboard-'))
  context.after(async () => await rm(folder, { recursive: true, force: true }))
  const studio = studioIn(folder)
  // One second lighter than the one before; a keyframe each second.
  const source = makeClip(folder, 'steps.mp4', {
    seconds: 13,
    size: '320x180',
    silent: true,
    picture: 'color=c=black',
    more: ['-vf', "format=gray,geq=lum='30+floor(N/25)*15'", '-g', '25'],
  })
  const { probe } = await studio.probe(source, 'video/mp4')
  const plan = planVideo(probe, little, { filter: null })
  const board = planStoryboard(plan)
  assert.deepEqual([board.count, board.intervalMs], [7, 2_000])
  const sheet = must(await studio.storyboard(source, plan, board, {}))
  await writeFile(join(folder, 'sheet.jpg'), sheet)
  assert.equal(Buffer.from(sheet).includes('Lavc'), false)
  const gray = ffmpeg(folder, '-i', 'sheet.jpg', '-vf', 'format=gray', '-f', 'rawvideo', '-')
  const across = board.columns * board.width
  assert.equal(gray.length, across * board.rows * board.height)
  const means = Array.from({ length: board.count }, (_, at) => {
    const middle = Math.floor(board.height / 2) * across + at * board.width
    return meanOf(gray.subarray(middle + 20, middle + board.width - 20))
  })
  means.forEach((mean, at) => {
    const shown = 30 + at * 2 * 15
    assert.ok(Math.abs(mean - shown) < 8, `picture ${at}: ${mean} instead of ${shown}`)
  })
})
