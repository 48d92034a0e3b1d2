import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Edits } from '../../domain/edits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { posterWorth } from '../../domain/poster-choice.ts'
import { boxesIn } from './boxes.ts'
import { developAll, ffmpeg, framesIn, grayFrames, little, makeClip, meanOf, must, studioIn, writeRung, writeTrack } from './fixtures.ts'
import { flags } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-studio-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

const plain = makeClip(folder, 'plain.mp4', { rate: '30000/1001', more: ['-movflags', '+faststart'] })

test('studio: chunks join to one track with every frame once, at one distance, and an IDR at each segment', async () => {
  const done = await developAll(studio, plain)
  assert.equal(done.plan.chunks.length, 3)
  for (const rung of done.plan.rungs) {
    const tracks = done.chunks.map((rungs) => must(rungs[rung.index]))
    for (const track of tracks) assert.deepEqual(track.init, must(tracks[0]).init, 'one init for all chunks')
    const frames = framesIn(writeRung(folder, 'joined.mp4', done, rung.index))
    assert.equal(frames.length, 150)
    frames.forEach((frame, at) => assert.equal(frame.pts, at * 1001))
    assert.deepEqual(
      frames.flatMap((frame, at) => (frame.key ? [at] : [])),
      [0, 30, 60, 90, 120],
    )
    for (const { segments } of tracks) {
      for (const { data } of segments) assert.equal([...boxesIn(data)][0]?.type, 'moof')
    }
    const seconds = tracks.flatMap((track) => track.segments).reduce((sum, segment) => sum + segment.durationSeconds, 0)
    assert.ok(Math.abs(seconds - done.plan.durationMs / 1000) < 0.001)
    assert.match(must(tracks[0]).codecs, /^avc1\.6400[0-9a-f]{2}$/)
  }
})

test('studio: the frames of the chunks are the frames of the source, none shifted', async () => {
  // A frame number in gray: each frame is eleven levels brighter than the one before, wrapping.
  const source = makeClip(folder, 'steps.mp4', {
    silent: true,
    picture: 'color=c=black',
    more: ['-vf', "format=gray,geq=lum='mod(N*11,200)+20'"],
  })
  const done = await developAll(studio, source)
  const means = grayFrames(folder, writeRung(folder, 'steps-out.mp4', done, 0)).map(meanOf)
  const wanted = grayFrames(folder, source).map(meanOf)
  assert.equal(means.length, wanted.length)
  means.forEach((mean, at) => assert.ok(Math.abs(mean - must(wanted[at])) < 4, `frame ${at}: ${mean} instead of ${wanted[at]}`))
})

test('studio: a flash and its beep stay together, also where the sound begins late', async () => {
  for (const lateSeconds of [0, 0.35]) {
    ffmpeg(
      folder,
      ...flags('-f', 'lavfi', '-i', "color=c=black:s=160x120:r=25:d=5,geq=lum='if(eq(mod(N,25),10),235,16)':cb=128:cr=128"),
      ...flags(
        '-itsoffset',
        `${lateSeconds}`,
        '-f',
        'lavfi',
        '-i',
        `aevalsrc='if(lt(mod(t+${lateSeconds}-0.4+5,1),0.04),sin(2*PI*1000*t),0)':s=48000:d=${5 - lateSeconds}`,
      ),
      ...flags('-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', 'flash.mp4'),
    )
    const done = await developAll(studio, join(folder, 'flash.mp4'))
    const flashes = grayFrames(folder, writeRung(folder, 'flash-out.mp4', done, 0)).flatMap((frame, at) =>
      meanOf(frame) > 120 ? [at / 25] : [],
    )
    const pcm = ffmpeg(
      folder,
      '-copyts',
      '-i',
      writeTrack(folder, 'flash-out.m4a', must(done.audio)),
      '-af',
      'aresample=async=1:first_pts=0',
      '-f',
      's16le',
      '-ac',
      '1',
      '-ar',
      '48000',
      '-',
    )
    const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1)
    const beeps: number[] = []
    samples.forEach((sample, at) => {
      if (Math.abs(sample) > 6000 && at / 48_000 - (beeps.at(-1) ?? -1) > 0.5) beeps.push(at / 48_000)
    })
    assert.equal(flashes.length, 5)
    assert.equal(beeps.length, 5)
    flashes.forEach((flash, at) =>
      assert.ok(Math.abs(flash - must(beeps[at])) < 0.012, `flash at ${flash}, beep at ${beeps[at]} (${lateSeconds})`),
    )
    assert.ok(Math.abs(samples.length / 48_000 - 5) < 0.03, 'the sound is as long as the picture')
    assert.equal(done.audio?.codecs, 'mp4a.40.2')
  }
})

test('studio: a rotated clip comes out upright, with its displayed sizes', async () => {
  // The upper half is white; turned by a quarter, white is on one side.
  makeClip(folder, 'half.mp4', {
    size: '160x120',
    seconds: 1,
    silent: true,
    picture: 'color=c=black',
    more: ['-vf', 'drawbox=w=iw:h=ih/2:c=white:t=fill'],
  })
  ffmpeg(folder, '-i', 'half.mp4', '-c', 'copy', '-metadata:s:v:0', 'rotate=90', 'turned.mp4')
  const { probe } = await studio.probe(join(folder, 'turned.mp4'), 'video/mp4')
  assert.deepEqual([probe.width, probe.height], [120, 160])
  const done = await developAll(studio, join(folder, 'turned.mp4'))
  assert.deepEqual([done.plan.rungs[0]?.width, done.plan.rungs[0]?.height], [120, 160])
  const shown = must(grayFrames(folder, writeRung(folder, 'turned-out.mp4', done, 0))[5])
  const expected = must(grayFrames(folder, join(folder, 'turned.mp4'))[5])
  assert.ok(Math.abs(must(shown[8 * 16 + 2]) - must(shown[8 * 16 + 13])) > 150, 'the edge stands upright')
  assert.ok(
    shown.every((value, at) => Math.abs(value - must(expected[at])) < 24),
    'as a player shows the source',
  )
})

test('studio: non-square pixels become square, odd sizes even', async () => {
  const wide = makeClip(folder, 'wide.mp4', { size: '160x120', seconds: 1, silent: true, more: ['-vf', 'setsar=2/1'] })
  const { probe } = await studio.probe(wide, 'video/mp4')
  assert.deepEqual([probe.width, probe.height], [320, 120])
  const done = await developAll(studio, wide)
  assert.deepEqual(
    done.plan.rungs.map((rung) => [rung.width, rung.height]),
    [
      [320, 120],
      [160, 60],
    ],
  )
  assert.equal(done.chunks[0]?.length, 2)
  const odd = makeClip(folder, 'odd.mp4', { size: '101x67', seconds: 1, silent: true, more: ['-pix_fmt', 'yuv444p'] })
  const oddDone = await developAll(studio, odd)
  const described = execFileSync(
    'ffprobe',
    [
      '-v',
      'error',
      '-show_entries',
      'stream=width,height,sample_aspect_ratio,pix_fmt,color_space,color_range',
      '-of',
      'csv=p=0',
      writeRung(folder, 'odd-out.mp4', oddDone, 0),
    ],
    { encoding: 'utf8' },
  )
  assert.equal(described.trim(), '90,60,1:1,yuv420p,tv,bt709')
})

test('studio: variable frame times become constant ones without losing or shifting time', async () => {
  // Frames at 0, 1, 2, 3, 30, 31, 32 ... of 30 a second, the long pause lying across a chunk's begin.
  makeClip(folder, 'dense.mp4', {
    rate: '30',
    seconds: 6,
    silent: true,
    picture: 'color=c=black',
    more: ['-vf', "format=gray,geq=lum='if(lt(N,4),40,if(lt(N,100),120,220))'"],
  })
  ffmpeg(
    folder,
    '-i',
    'dense.mp4',
    '-vf',
    "select='lt(n,4)+between(n,96,110)+gt(n,150)'",
    '-fps_mode',
    'passthrough',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    'vfr.mp4',
  )
  const done = await developAll(studio, join(folder, 'vfr.mp4'))
  assert.equal(done.plan.fps, 30)
  const file = writeRung(folder, 'vfr-out.mp4', done, 0)
  framesIn(file).forEach((frame, at) => assert.equal(frame.pts, at * 1000))
  const means = grayFrames(folder, file).map(meanOf)
  assert.equal(means.length, 180)
  assert.ok(
    means.slice(0, 95).every((mean) => mean < 80),
    'the fourth frame stays for its three seconds, over the chunk boundary',
  )
  assert.ok(means.slice(101).every((mean) => mean > 180))
})

test('studio: a track that begins late is anchored at its first frame', async () => {
  makeClip(folder, 'early.mp4', { seconds: 3, silent: true })
  ffmpeg(folder, '-itsoffset', '10', '-i', 'early.mp4', '-c', 'copy', 'late.mp4')
  const done = await developAll(studio, join(folder, 'late.mp4'))
  assert.ok(Math.abs((done.plan.chunks[0]?.startSeconds ?? 0) - 10) < 0.1)
  const frames = framesIn(writeRung(folder, 'late-out.mp4', done, 0))
  assert.equal(frames.length, 75)
  assert.equal(frames[0]?.pts, 0)
})

test('studio: nothing private of the source is in any output', async () => {
  const canary = 'CANARY7531'
  const tags = ['title', 'comment', 'location', 'encoder', 'com.apple.quicktime.location.ISO6709'].flatMap((key) => [
    '-metadata',
    `${key}=+12.3456-065.4321/${canary}`,
  ])
  const source = makeClip(folder, 'tagged.mp4', {
    seconds: 3,
    more: [
      ...tags,
      '-metadata:s:v',
      `handler_name=${canary}`,
      '-metadata:s:a',
      `handler_name=${canary}`,
      '-metadata',
      'creation_time=2001-02-03T04:05:06Z',
      '-movflags',
      '+use_metadata_tags',
    ],
  })
  assert.ok(readFileSync(source).includes(canary))
  const { facts } = await studio.probe(source, 'video/mp4')
  assert.deepEqual(facts, { takenAt: '2001-02-03T04:05:06.000Z', latitude: 12.3456, longitude: -65.4321 })
  const done = await developAll(studio, source)
  const outputs = [...done.chunks.flat(), must(done.audio)].flatMap((track) => [
    track.init,
    ...track.segments.map((segment) => segment.data),
  ])
  outputs.push(await studio.poster(source, done.plan, {}))
  for (const bytes of outputs) {
    const text = Buffer.from(bytes).toString('latin1')
    for (const trace of [canary, '12.3456', 'x264', 'Lavf', 'Lavc']) assert.ok(!text.includes(trace), `${trace} is in an output`)
  }
  const stamps = execFileSync('ffprobe', ['-v', 'error', '-show_format', '-show_streams', writeRung(folder, 'tagged-out.mp4', done, 0)], {
    encoding: 'utf8',
  })
  assert.doesNotMatch(stamps, /creation_time|CANARY/)
})

test('studio: a filter that differs in the corners is mixed by its mask, in every frame', async () => {
  const cubeOf = (rgb: string) => 'LUT_3D_SIZE 2\n' + `${rgb}\n`.repeat(8)
  const halved = (width: number, height: number) =>
    Uint8Array.from({ length: width * height }, (_, at) => (at % width < width / 2 ? 0 : 255))
  const tinted = studioIn(folder, {
    lookOf: (_, width, height) => ({ centre: cubeOf('1 0 0'), corners: { cube: cubeOf('0 0 1'), mask: halved(width, height) } }),
  })
  const source = makeClip(folder, 'gray-corners.mp4', { seconds: 1, silent: true, picture: 'color=c=gray' })
  const done = await developAll(tinted, source, little, 'any')
  const file = writeRung(folder, 'mixed.mp4', done, 1)
  const frames = ffmpeg(folder, '-i', file, '-vf', 'scale=4:1:in_color_matrix=bt709,format=rgb24', '-f', 'rawvideo', '-')
  assert.ok(frames.length >= 20 * 12, `${frames.length / 12} frames`)
  for (let at = 0; at < frames.length; at += 12) {
    const [red = 0, , blue = 255] = frames.subarray(at, at + 3)
    const [lastRed = 255, , lastBlue = 0] = frames.subarray(at + 9, at + 12)
    assert.ok(red > 200 && blue < 55 && lastRed < 55 && lastBlue > 200, `frame ${at / 12}: ${red} ${blue} ${lastRed} ${lastBlue}`)
  }
})

test('studio: a filter is applied to the chunks and to the poster', async () => {
  const cube = 'LUT_3D_SIZE 2\n' + '1 0 0\n'.repeat(8)
  const tinted = studioIn(folder, { lookOf: ({ filter }) => (filter === 'red' ? { centre: cube } : assert.fail(filter ?? 'none')) })
  const source = makeClip(folder, 'gray.mp4', { seconds: 1, silent: true, picture: 'color=c=gray' })
  const done = await developAll(tinted, source, little, 'red')
  const poster = await tinted.poster(source, done.plan, {})
  writeFileSync(join(folder, 'poster.png'), poster)
  for (const file of [writeRung(folder, 'red.mp4', done, 1), join(folder, 'poster.png')]) {
    const [red = 0, green = 0, blue = 0] = ffmpeg(
      folder,
      '-i',
      file,
      '-vf',
      'scale=1:1:in_color_matrix=bt709,format=rgb24',
      '-frames:v',
      '1',
      '-f',
      'rawvideo',
      '-',
    )
    assert.ok(red > 240 && green < 12 && blue < 12, `${red} ${green} ${blue}`)
  }
  await assert.rejects(studio.encodeChunk(source, done.plan, must(done.plan.chunks[0]), {}), { code: 'FILTER_UNKNOWN' })
})

test('studio: the poster is a moment in which there is something to be seen, wherever in the film, and not what a trim leaves out', async () => {
  const source = makeClip(folder, 'late.mp4', {
    seconds: 8,
    silent: true,
    more: ['-vf', "drawbox=c=gray:t=fill:enable='lt(t,4)',boxblur=4:enable='lt(t,6)'", '-g', '25'],
  })
  const { probe } = await studio.probe(source, 'video/mp4')
  const edgesOf = async (edits?: Edits) => {
    const plan = planVideo(probe, little, { filter: null, ...(edits ? { edits } : {}) })
    writeFileSync(join(folder, 'late.png'), await studio.poster(source, plan, {}))
    const frame = ffmpeg(folder, '-i', 'late.png', '-vf', 'scale=160:90,format=gray', '-f', 'rawvideo', '-')
    return posterWorth(frame) ?? 0
  }
  const sharp = await edgesOf()
  const soft = await edgesOf({ trim: { startSeconds: 4.5, endSeconds: 5.9 } })
  assert.ok(sharp > soft * 1.2 && soft > 0, `${sharp} and ${soft}`)
})

test('studio: the poster passes over black frames, and takes one where there is nothing else', async () => {
  const source = makeClip(folder, 'fade.mp4', {
    seconds: 6,
    silent: true,
    more: ['-vf', "drawbox=c=black:t=fill:enable='lt(t,2.5)'", '-g', '500'],
  })
  const { probe } = await studio.probe(source, 'video/mp4')
  const poster = await studio.poster(source, planVideo(probe, little, { filter: null }), {})
  writeFileSync(join(folder, 'fade.png'), poster)
  assert.ok(meanOf(must(grayFrames(folder, join(folder, 'fade.png'))[0])) > 60)
  const dark = makeClip(folder, 'dark.mp4', { seconds: 1, silent: true, picture: 'color=c=black' })
  const darkProbe = await studio.probe(dark, 'video/mp4')
  assert.ok((await studio.poster(dark, planVideo(darkProbe.probe, little, { filter: null }), {})).length > 0)
})
