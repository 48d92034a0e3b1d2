import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { planVideo } from '../../domain/plan-video.ts'
import type { Preset } from '../../domain/plans.ts'
import { flags } from './command.ts'
import { readMastering } from './mastering.ts'
import { developPlan, ffmpeg, framesIn, grayFrames, little, makeClip, meanOf, must, studioIn, writeRung } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-codecs-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

const everything: Preset = {
  ...little,
  video: {
    ...little.video,
    rungs: little.video.rungs.slice(0, 1),
    newer: [
      { codec: 'hevc', shortSideMin: 1, crfMore: 0, rateShare: 1, keepsHdr: true },
      { codec: 'av1', shortSideMin: 1, crfMore: 5, rateShare: 1 },
    ],
  },
}

async function develop(source: string) {
  const { probe } = await studio.probe(source, 'video/mp4')
  return await developPlan(studio, source, planVideo(probe, everything, { filter: null }))
}

function streamOf(file: string): Record<string, string | number> {
  const out = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-show_streams', '-of', 'json', file], { encoding: 'utf8' })
  return must((JSON.parse(out) as { streams: Record<string, string | number>[] }).streams[0])
}

test('studio: rungs in HEVC and AV1 join like those in H.264, with every frame, keyframe and init in its place', async () => {
  const source = makeClip(folder, 'steps.mp4', {
    silent: true,
    picture: 'color=c=black',
    more: ['-vf', "format=gray,geq=lum='mod(N*11,200)+20'"],
  })
  const done = await develop(source)
  const wanted = grayFrames(folder, source).map(meanOf)
  assert.deepEqual(
    done.plan.rungs.map(({ name }) => name),
    ['120p', '120p-hevc', '120p-av1'],
  )
  const codecs = [/^avc1\.64/, /^hvc1\.1\.6\.L\d+\.90$/, /^av01\.0\.0\dM\.08$/]
  for (const [at, pattern] of codecs.entries()) {
    const tracks = done.chunks.map((rungs) => must(rungs[at]))
    for (const track of tracks) assert.deepEqual(track.init, must(tracks[0]).init, 'one init for all chunks')
    assert.match(must(tracks[0]).codecs, pattern)
    assert.ok(tracks.every((track) => track.segments.every(({ keyframes }) => (keyframes?.length ?? 0) > 0)))
    const file = writeRung(folder, 'joined.mp4', done, at)
    const frames = framesIn(file)
    assert.equal(frames.length, 125)
    frames.forEach((frame, index) => assert.equal(frame.pts, index * 1_000))
    assert.deepEqual(
      frames.flatMap((frame, index) => (frame.key ? [index] : [])),
      [0, 25, 50, 75, 100],
    )
    grayFrames(folder, file)
      .map(meanOf)
      .forEach((mean, index) =>
        assert.ok(Math.abs(mean - must(wanted[index])) < 6, `rung ${at}, frame ${index}: ${mean}, not ${wanted[index]}`),
      )
  }
})

test('studio: HDR stays HDR in the rung that keeps it, and is toned down in all others', async () => {
  const colours = flags('-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67', '-colorspace', 'bt2020nc', '-color_range', 'tv')
  ffmpeg(
    folder,
    ...flags('-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=25:d=2', '-pix_fmt', 'yuv420p10le', '-c:v', 'libx265', '-preset', 'ultrafast'),
    ...flags('-x265-params', 'log-level=error:keyint=25', '-tag:v', 'hvc1', ...colours, 'hlg.mp4'),
  )
  const done = await develop(join(folder, 'hlg.mp4'))
  const facts = done.plan.rungs.map((_, at) => {
    const { codec_name, pix_fmt, color_transfer } = streamOf(writeRung(folder, 'hdr.mp4', done, at))
    return [codec_name, pix_fmt, color_transfer]
  })
  assert.deepEqual(facts, [
    ['h264', 'yuv420p', 'bt709'],
    ['hevc', 'yuv420p10le', 'arib-std-b67'],
    ['av1', 'yuv420p', 'bt709'],
  ])
  assert.match(must(done.chunks[0]?.[1]).codecs, /^hvc1\.2\.4\.L\d+/)
})

test('studio: what is told of the screen that an HDR picture was made on stays in the rung that keeps HDR', async () => {
  const colours = flags('-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc', '-color_range', 'tv')
  const screen = 'master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400'
  ffmpeg(
    folder,
    ...flags('-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=25:d=1', '-pix_fmt', 'yuv420p10le', '-c:v', 'libx265', '-preset', 'ultrafast'),
    ...flags('-x265-params', `log-level=error:keyint=25:${screen}`, '-tag:v', 'hvc1', ...colours, 'screen.mp4'),
  )
  const source = join(folder, 'screen.mp4')
  const mastering = {
    primaries: [34_000, 16_000, 13_250, 34_500, 7_500, 3_000, 15_635, 16_450],
    luminances: [10_000_000, 50],
    light: [1_000, 400],
  }
  assert.deepEqual((await studio.probe(source, 'video/mp4')).probe.mastering, mastering)
  const done = await develop(source)
  const kept = writeRung(folder, 'kept.mp4', done, 1)
  assert.deepEqual((await studio.probe(kept, 'video/mp4')).probe.mastering, mastering)
})

test('mastering: numbers that cannot be are not passed on', () => {
  const of = (side: object) => readMastering(JSON.stringify({ frames: [{ side_data_list: [side] }] }))
  assert.equal(of({ side_data_type: 'Mastering display metadata', red_x: '1/0' }), null)
  assert.equal(of({ side_data_type: 'something else' }), null)
  assert.equal(readMastering('{}'), null)
})
