import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { EncodedTrack } from '../../domain/encoded.ts'
import { boxesIn } from './boxes.ts'
import { developAll, ffmpeg, makeClip, must, studioIn, writeRung, writeTrack, type Developed } from './fixtures.ts'
import { progressive, type TrackSource } from './progressive.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-progressive-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

function sourceOf(tracks: readonly EncodedTrack[]): TrackSource {
  const segments = tracks.flatMap((track) => track.segments.map(({ data }) => data))
  return {
    init: must(tracks[0]).init,
    segments: (async function* () {
      yield* segments
    })(),
  }
}

async function whole({ chunks, audio }: Developed, rung: number): Promise<Uint8Array> {
  const picture = sourceOf(chunks.map((rungs) => must(rungs[rung])))
  const laying = progressive(picture, audio && sourceOf([audio]))
  const data: Uint8Array[] = []
  for (;;) {
    const next = await laying.next()
    if (next.done) return Buffer.concat([next.value, ...data])
    data.push(next.value)
  }
}

/** Decoded frames or samples of a file, by their MD5. */
const md5 = (file: string, map: string, ...more: string[]) =>
  ffmpeg(folder, '-i', file, '-map', map, ...more, '-f', 'framemd5', '-')
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').map((field) => field.trim()))

test('progressive: one file with the frames of the rung and the samples of the sound, its index before its data', async () => {
  const clip = makeClip(folder, 'plain.mp4', { rate: '30000/1001', seconds: 9 })
  const done = await developAll(studio, clip)
  const file = await whole(done, 0)
  writeFileSync(join(folder, 'out.mp4'), file)
  assert.deepEqual(
    [...boxesIn(file)].map(({ type }) => type),
    ['ftyp', 'moov', 'mdat'],
  )
  const rung = writeRung(folder, 'rung.mp4', done, 0)
  const shown = md5('out.mp4', '0:v', '-fps_mode', 'passthrough')
  assert.deepEqual(
    shown.map((fields) => fields.at(-1)),
    md5(rung, '0:v', '-fps_mode', 'passthrough').map((fields) => fields.at(-1)),
  )
  assert.equal(shown[0]?.[2], '0', 'the first frame is shown at once')
  // Zero is where the edit list says: what an encoder puts before its first sample is not heard.
  const heard = (name: string) =>
    ffmpeg(folder, '-copyts', '-i', name, '-map', '0:a', '-af', 'aresample=async=1:first_pts=0,atrim=end=9', '-f', 's16le', '-')
  assert.ok(heard('out.mp4').equals(heard(writeTrack(folder, 'sound.m4a', must(done.audio)))))
})

test('progressive: players are told the same length, the keyframes, and where each piece of both tracks lies', async () => {
  const done = await developAll(studio, makeClip(folder, 'plain.mp4', { seconds: 5 }))
  writeFileSync(join(folder, 'out.mp4'), await whole(done, 1))
  const probe = (...args: string[]) =>
    execFileSync('ffprobe', ['-v', 'warning', ...args, '-of', 'json', join(folder, 'out.mp4')], { encoding: 'utf8' })
  const { streams } = JSON.parse(probe('-show_streams')) as { streams: { codec_name: string; duration: string; start_time: string }[] }
  assert.deepEqual(
    streams.map(({ codec_name, duration, start_time }) => [codec_name, Number(duration), Number(start_time)]),
    [
      ['h264', 5, 0],
      ['aac', 5, 0],
    ],
  )
  const { packets } = JSON.parse(probe('-show_packets')) as {
    packets: { codec_type: string; pts_time: string; pos: string; flags: string }[]
  }
  const pictures = packets.filter(({ codec_type }) => codec_type === 'video')
  assert.equal(pictures.length, 125)
  assert.equal(pictures.filter(({ flags }) => flags.startsWith('K')).length, 5)
  // A player reads in one go: what is heard at a time lies near what is seen then.
  for (const sound of packets.filter(({ codec_type }) => codec_type === 'audio')) {
    const before = pictures.filter(({ pos }) => Number(pos) < Number(sound.pos)).map(({ pts_time }) => Number(pts_time))
    assert.ok(Math.abs(Math.max(...before) - Number(sound.pts_time)) < 1.2)
  }
})

test('progressive: a silent film is one track', async () => {
  const done = await developAll(studio, makeClip(folder, 'silent.mp4', { seconds: 2, silent: true }))
  writeFileSync(join(folder, 'silent-out.mp4'), await whole(done, 0))
  assert.equal(md5('silent-out.mp4', '0').length, 50)
})
