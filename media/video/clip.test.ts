import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { codeOf } from '../../domain/errors.ts'
import { limits } from '../../domain/limits.ts'
import { planClip, planLoop } from '../../domain/plan-motion.ts'
import { standard } from '../../domain/presets/standard.ts'
import { examine } from '../image/examine.ts'
import { animatedWebp, apng, gif, gifColours, type GifFrame } from '../image/specimens-animation.ts'
import type { Dot } from '../image/specimens.ts'
import { createImageStudio } from '../image/studio.ts'
import { boxesIn } from './boxes.ts'
import { ffmpeg, makeClip, studioIn } from './fixtures.ts'

const images = createImageStudio({ slots: 1, limits })
let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'darkroom-clip-'))
})
after(async () => {
  await images.close()
  rmSync(folder, { recursive: true })
})

const side = 64
const whole = (delay: number, colour: number): GifFrame => ({ width: side, height: side, delay, colour })

/** The loop of an animation, and the colour in the middle of what is shown at each time. */
async function loopOf(bytes: Buffer, ...seconds: number[]): Promise<{ file: Buffer; durationMs: number; colours: number[][] }> {
  const plan = planLoop(examine(bytes, limits).probe, standard, { filter: null })
  const path = join(folder, 'animation')
  writeFileSync(path, bytes)
  const source = plan.frames === 'raw' ? async (file: string) => await images.unroll(bytes, file, {}) : path
  const file = Buffer.from(await studioIn(folder).clip(source, plan, {}))
  writeFileSync(join(folder, 'loop.mp4'), file)
  const colours = seconds.map((second) => {
    const shown = ['-i', 'loop.mp4', '-vf', `select='gte(t,${second})',scale=in_color_matrix=bt709:in_range=tv,format=rgb24`]
    const pixels = ffmpeg(folder, ...shown, '-frames:v', '1', '-f', 'rawvideo', '-')
    const { width, height } = plan.rungs[0] ?? { width: 0, height: 0 }
    const at = 3 * (Math.floor(height / 2) * width + Math.floor(width / 2))
    return [...pixels.subarray(at, at + 3)]
  })
  return { file, durationMs: plan.durationMs, colours }
}

function assertNear(actual: readonly number[] | undefined, expected: Dot | undefined, what: string): void {
  for (const [index, value] of (expected ?? []).entries())
    assert.ok(Math.abs((actual?.[index] ?? -99) - value) <= 6, `${what}: ${String(actual)} is not ${String(expected)}`)
}

const [red, green, blue, white] = gifColours

test('clip: a GIF plays as browsers play it, its last frame included, in the right colours', async () => {
  const { durationMs, colours } = await loopOf(gif(side, side, [whole(20, 0), whole(0, 1), whole(50, 2)]), 0.1, 0.2, 0.3, 0.7)
  assert.equal(durationMs, 800)
  assertNear(colours[0], red, 'first')
  assertNear(colours[1], green, 'a frame without a time has a tenth of a second')
  assertNear(colours[2], blue, 'last')
  assertNear(colours[3], blue, 'last until its end')
})

test('clip: frames that cover a part are drawn over what was there, and nothing drawn is white', async () => {
  const part: GifFrame = { left: 16, top: 16, width: 32, height: 32, delay: 30, colour: 2 }
  const drawn = await loopOf(gif(side, side, [whole(30, 1), part]), 0.4)
  assertNear(drawn.colours[0], blue, 'the part')
  const undrawn = await loopOf(gif(side, side, [{ ...part, left: 0, top: 0, width: 8, height: 8 }, part], { transparent: true }), 0.1, 0.4)
  assertNear(undrawn.colours[0], white, 'nothing drawn yet')
  assertNear(undrawn.colours[1], blue, 'then drawn')
})

test('clip: an animated PNG and an animated WebP keep uneven times and colours', async () => {
  const [orange, sea]: readonly Dot[] = [
    [230, 140, 30],
    [20, 120, 160],
  ]
  const dots = [orange ?? [], sea ?? []]
  const png = apng(side, side, [
    { colour: dots[0] ?? [], delay: 150 },
    { colour: dots[1] ?? [], delay: 400 },
  ])
  const webp = await animatedWebp(side, side, dots, [150, 400])
  for (const bytes of [png, webp]) {
    const { durationMs, colours } = await loopOf(bytes, 0.05, 0.2, 0.5)
    assert.equal(durationMs, 550)
    assertNear(colours[0], dots[0], 'first')
    assertNear(colours[1], dots[1], 'second')
    assertNear(colours[2], dots[1], 'second until its end')
  }
})

test('clip: odd and tiny canvases are encoded, at even sizes', async () => {
  const { durationMs } = await loopOf(
    gif(
      1,
      1,
      [0, 1].map((colour) => ({ width: 1, height: 1, delay: 10, colour })),
    ),
  )
  assert.equal(durationMs, 200)
  await loopOf(
    gif(
      33,
      7,
      [0, 1].map((colour) => ({ width: 33, height: 7, delay: 10, colour })),
    ),
  )
})

test('clip: the file is played from its beginning, and says nothing of who made it', async () => {
  const { file } = await loopOf(gif(side, side, [whole(10, 0), whole(10, 2)]))
  const names = [...boxesIn(file)].map(({ type }) => type)
  assert.ok(names.indexOf('moov') < names.indexOf('mdat'), names.join(' '))
  assert.doesNotMatch(file.toString('latin1'), /Lavf|Lavc|x264|©|data/)
})

test('clip: an animation that is cut off or damaged ends in a typed refusal, or in the frames that are there', async () => {
  const bytes = gif(side, side, [whole(10, 0), whole(10, 1), whole(10, 2)])
  const damaged = Buffer.from(bytes)
  damaged.fill(0xff, 60, 1_400)
  for (const file of [bytes.subarray(0, bytes.length - 300), damaged])
    await loopOf(file).then(
      () => undefined,
      (error: unknown) => assert.equal(codeOf(error), 'MEDIA_CORRUPT'),
    )
  const webp = await animatedWebp(
    side,
    side,
    [
      [1, 2, 3],
      [250, 2, 3],
    ],
    [100, 100],
  )
  await assert.rejects(loopOf(webp.subarray(0, webp.length - 20)), (error) => codeOf(error) === 'MEDIA_CORRUPT')
})

test('clip: the movie beside a photo is cut as the photo is, keeps its sound, and loses what its camera wrote', async () => {
  const words = ['-metadata', 'location=+48.2082+016.3738/', '-metadata', 'title=CANARYWORD']
  const source = makeClip(folder, 'live.mov', { size: '320x240', seconds: 2, more: words })
  const studio = studioIn(folder)
  const { probe } = await studio.probe(source, 'video/quicktime')
  const framing = { crop: { unit: 'pixels', x: 0, y: 0, width: 2_000, height: 1_000 } } as const
  const plan = planClip(probe, { width: 4_000, height: 3_000 }, standard, { filter: null, edits: { framing } })
  assert.deepEqual([plan.width, plan.height], [160, 80])
  const file = Buffer.from(await studio.clip(source, plan, {}))
  writeFileSync(join(folder, 'clip.mp4'), file)
  const streams = execFileSync(
    'ffprobe',
    ['-v', 'error', '-show_entries', 'stream=codec_name,width,duration', '-of', 'csv=p=0', 'clip.mp4'],
    {
      cwd: folder,
    },
  )
  assert.match(streams.toString(), /^h264,160,2\.0+\naac,2\.\d+/)
  assert.doesNotMatch(file.toString('latin1'), /CANARYWORD|48\.2082|Lavf|Lavc|x264/)
})
