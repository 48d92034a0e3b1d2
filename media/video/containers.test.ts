import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../../domain/limits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { type SourceType, videoSourceTypes } from '../../domain/plans.ts'
import { sniff } from '../../domain/sniff.ts'
import { flags } from './command.ts'
import { developPlan, ffmpeg, framesIn, grayFrames, little, makeClip, meanOf, must, studioIn, writeRung } from './fixtures.ts'
import { demuxerFor } from './probe-video.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-containers-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

/** Every frame eleven levels brighter than the one before, wrapping: a frame that is lost, doubled or moved shows. */
const steps = { picture: 'color=c=black', more: ['-vf', "format=gray,geq=lum='mod(N*11,200)+20'"] }
const plain = makeClip(folder, 'steps.mp4', steps)

/** Sniffs, probes and, where that has to be, remuxes a file, as an upload is. */
async function admitted(file: string) {
  const type = sniff(readFileSync(file).subarray(0, limits.sniffBytes)) as SourceType
  const first = await studio.probe(file, type)
  if (first.seekable) return { type, file, probe: first.probe, remuxed: false }
  const copy = join(folder, 'copy')
  const remuxed = await studio.remux(file, type, first.probe, async (path) => copyFileSync(path, copy), {})
  return { type, file: copy, probe: (await studio.probe(copy, remuxed.type)).probe, remuxed: true }
}

const containers: readonly {
  readonly name: string
  readonly type: SourceType
  readonly remuxed?: true
  readonly make: readonly string[]
}[] = [
  { name: 'copy.mov', type: 'video/quicktime', make: ['-c', 'copy'] },
  { name: 'mpeg4.3gp', type: 'video/3gpp', make: ['-c:v', 'mpeg4', '-q:v', '2', '-c:a', 'copy'] },
  { name: 'prores.mov', type: 'video/quicktime', make: ['-c:v', 'prores_ks', '-c:a', 'pcm_s16le'] },
  { name: 'copy.mkv', type: 'video/x-matroska', make: ['-c', 'copy'] },
  { name: 'vp8.webm', type: 'video/webm', make: ['-c:v', 'libvpx', '-g', '40', '-b:v', '1M', '-c:a', 'libvorbis'] },
  { name: 'vp9.webm', type: 'video/webm', make: ['-c:v', 'libvpx-vp9', '-g', '40', '-cpu-used', '8', '-b:v', '1M', '-c:a', 'libopus'] },
  { name: 'copy.ts', type: 'video/mp2t', remuxed: true, make: ['-c', 'copy'] },
  { name: 'mpeg2.ts', type: 'video/mp2t', remuxed: true, make: ['-c:v', 'mpeg2video', '-q:v', '2', '-c:a', 'mp2'] },
  // As a browser's MediaRecorder writes: no length, no index.
  {
    name: 'live.webm',
    type: 'video/webm',
    remuxed: true,
    make: ['-c:v', 'libvpx', '-g', '40', '-b:v', '1M', '-c:a', 'libopus', '-live', '1'],
  },
]

for (const { name, type, remuxed = false, make } of containers) {
  test(`containers: ${name} gives every frame once, in its place, and its sound`, async () => {
    ffmpeg(folder, '-i', 'steps.mp4', ...make, name)
    const file = join(folder, name)
    const source = await admitted(file)
    assert.deepEqual([source.type, source.remuxed], [type, remuxed])
    const done = await developPlan(studio, source.file, planVideo(source.probe, little, { filter: null }))
    assert.equal(done.plan.chunks.length, 3)
    const track = writeRung(folder, 'out.mp4', done, 0)
    framesIn(track).forEach((frame, at) => assert.equal(frame.pts, at * 1000))
    const means = grayFrames(folder, track).map(meanOf)
    assert.equal(means.length, 125)
    means.forEach((mean, at) => {
      const wanted = ((at * 11) % 200) + 20
      assert.ok(Math.abs(mean - wanted) < 6, `frame ${at}: ${mean} instead of ${wanted}`)
    })
    const seconds = must(done.audio).segments.reduce((sum, segment) => sum + segment.durationSeconds, 0)
    assert.ok(Math.abs(seconds - 5) < 0.05, `${seconds} s of sound`)
    assert.ok((await studio.poster(source.file, done.plan, {})).length > 0)
  })
}

test('containers: every accepted type of video has its demuxer, and no image has one', () => {
  for (const type of videoSourceTypes) assert.match(demuxerFor(type), /^(mov|matroska|mpegts)$/)
  assert.throws(() => demuxerFor('image/png'), { code: 'MEDIA_TYPE_UNSUPPORTED' })
})

test("containers: one container under another one's type is refused, and so is what is cut off", async () => {
  ffmpeg(folder, '-i', 'steps.mp4', '-c', 'copy', 'whole.mkv')
  await assert.rejects(studio.probe(join(folder, 'whole.mkv'), 'video/mp4'), { code: 'MEDIA_CORRUPT' })
  await assert.rejects(studio.probe(plain, 'video/webm'), { code: 'MEDIA_CORRUPT' })
  await assert.rejects(studio.probe(plain, 'video/mp2t'), { code: 'MEDIA_CORRUPT' })
  const whole = readFileSync(join(folder, 'whole.mkv'))
  for (const share of [0.3, 0.7, 0.95]) {
    writeFileSync(join(folder, 'cut.mkv'), whole.subarray(0, Math.floor(whole.length * share)))
    await assert.rejects(studio.probe(join(folder, 'cut.mkv'), 'video/x-matroska'), { code: 'MEDIA_CORRUPT' }, `cut at ${share}`)
  }
})

test('containers: transparent parts come out black, whether the frames or the container hold them', async () => {
  const picture = 'color=c=white:s=160x120:r=25:d=1,format=yuva444p,geq=lum=235:cb=128:cr=128:a=if(lt(X\\,80)\\,0\\,255)'
  for (const [name, ...codec] of [
    ['alpha.mov', '-c:v', 'prores_ks', '-profile:v', '4444', '-pix_fmt', 'yuva444p10le'],
    ['alpha8.webm', '-c:v', 'libvpx', '-auto-alt-ref', '0', '-pix_fmt', 'yuva420p', '-b:v', '1M'],
    ['alpha9.webm', '-c:v', 'libvpx-vp9', '-auto-alt-ref', '0', '-pix_fmt', 'yuva420p', '-b:v', '1M'],
  ] as const) {
    ffmpeg(folder, ...flags('-f', 'lavfi', '-i', picture), ...codec, name)
    const source = await admitted(join(folder, name))
    assert.ok(source.probe.alpha !== undefined, name)
    const done = await developPlan(studio, source.file, planVideo(source.probe, little, { filter: null }))
    const frame = must(grayFrames(folder, writeRung(folder, 'alpha-out.mp4', done, 0))[10])
    const [left, right] = [must(frame[8 * 16 + 3]), must(frame[8 * 16 + 12])]
    assert.ok(left < 24 && right > 225, `${name}: ${left} and ${right}`)
  }
})

test('containers: a mirrored picture is mirrored, as players show it', async () => {
  const identity = Buffer.alloc(36)
  const mirror = Buffer.alloc(36)
  for (const [matrix, sign] of [
    [identity, 1],
    [mirror, -1],
  ] as const) {
    matrix.writeInt32BE(65_536 * sign, 0)
    matrix.writeInt32BE(65_536, 16)
    matrix.writeInt32BE(0x4000_0000, 32)
  }
  const half = makeClip(folder, 'half.mp4', {
    seconds: 1,
    silent: true,
    picture: 'color=c=black',
    more: ['-vf', 'drawbox=w=iw/2:h=ih:c=white:t=fill'],
  })
  const bytes = readFileSync(half)
  // The movie header has a matrix too; the track's comes after it.
  mirror.copy(bytes, bytes.indexOf(identity, bytes.indexOf('tkhd')))
  writeFileSync(join(folder, 'mirrored.mp4'), bytes)
  const source = await admitted(join(folder, 'mirrored.mp4'))
  const done = await developPlan(studio, source.file, planVideo(source.probe, little, { filter: null }))
  const frame = must(grayFrames(folder, writeRung(folder, 'mirrored-out.mp4', done, 0))[10])
  assert.ok(must(frame[3]) < 40 && must(frame[12]) > 210, 'white is on the right')
})

test('containers: a file of more bits a second than the limit is refused, and nothing is left in scratch', async () => {
  const strict = studioIn(folder, { limits: { ...limits, videoBitsPerSecondMax: 10_000 } })
  await assert.rejects(strict.probe(plain, 'video/mp4'), { code: 'MEDIA_TOO_COSTLY' })
  assert.deepEqual(readdirSync(join(folder, 'scratch')), [])
})
