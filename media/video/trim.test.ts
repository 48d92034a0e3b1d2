import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { planVideo } from '../../domain/plan-video.ts'
import { planStoryboard } from '../../domain/storyboard.ts'
import { flags } from './command.ts'
import { developPlan, ffmpeg, grayFrames, little, makeClip, meanOf, must, studioIn, writeRung, writeTrack } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-trim-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

test('studio: a trimmed film has exactly the frames between its ends, and its sound is as it was with them', async () => {
  // Each frame is brighter than the one before; a beep is heard with the frame that begins each second.
  makeClip(folder, 'steps.mp4', {
    seconds: 9,
    picture: 'color=c=black',
    silent: true,
    more: ['-vf', "format=gray,geq=lum='mod(N*11,200)+20'"],
  })
  const sound = "aevalsrc='if(lt(mod(t,1),0.04),sin(2*PI*1000*t),0)':s=48000:d=9"
  ffmpeg(folder, ...flags('-i', 'steps.mp4', '-f', 'lavfi', '-i', sound, '-c:v', 'copy', '-c:a', 'aac', 'beeps.mp4'))
  const source = join(folder, 'beeps.mp4')
  const { probe } = await studio.probe(source, 'video/mp4')
  const plan = planVideo(probe, little, { filter: null, edits: { trim: { startSeconds: 3.48, endSeconds: 7.04 } } })
  const done = await developPlan(studio, source, plan)
  const means = grayFrames(folder, writeRung(folder, 'out.mp4', done, 0)).map(meanOf)
  const wanted = grayFrames(folder, source).map(meanOf).slice(87, 176)
  assert.equal(means.length, 89)
  means.forEach((mean, at) => assert.ok(Math.abs(mean - must(wanted[at])) < 4, `frame ${at}: ${mean} instead of ${wanted[at]}`))

  const filter = 'aresample=48000:async=1:first_pts=0'
  const pcm = ffmpeg(
    folder,
    '-copyts',
    '-i',
    writeTrack(folder, 'out.m4a', must(done.audio)),
    '-af',
    filter,
    '-f',
    's16le',
    '-ac',
    '1',
    '-',
  )
  const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1)
  const beeps: number[] = []
  samples.forEach((sample, at) => {
    if (Math.abs(sample) > 6_000 && at / 48_000 - (beeps.at(-1) ?? -1) > 0.5) beeps.push(at / 48_000)
  })
  assert.deepEqual(
    beeps.map((seconds) => Math.round((seconds - 0.52) * 100) / 100),
    [0, 1, 2, 3],
  )
  assert.ok(Math.abs(samples.length / 48_000 - 89 / 25) < 0.03)
})

test('studio: poster and storyboard of a trimmed film are of what is kept', async () => {
  // Red for three seconds, then blue.
  const source = makeClip(folder, 'two.mp4', {
    seconds: 8,
    silent: true,
    picture: 'color=c=red',
    more: ['-vf', "drawbox=t=fill:c=blue:enable='gte(t,3)'"],
  })
  const { probe } = await studio.probe(source, 'video/mp4')
  const plan = planVideo(probe, little, { filter: null, edits: { trim: { startSeconds: 4 } } })
  const board = planStoryboard(plan)
  const pictures = [await studio.poster(source, plan, {}), must(await studio.storyboard(source, plan, board, {}))]
  for (const picture of pictures) {
    writeFileSync(join(folder, 'picture'), picture)
    const [red = 255, , blue = 0] = ffmpeg(
      folder,
      '-i',
      'picture',
      '-vf',
      `crop=${board.width}:${board.height / 2}:0:0,scale=1:1:flags=area`,
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-',
    )
    assert.ok(blue > 150 && red < 80, `red ${red}, blue ${blue}`)
  }
})
