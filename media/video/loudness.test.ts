import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loudnessGainDb } from '../../domain/loudness.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { flags } from './command.ts'
import { ffmpeg, little, makeClip, must, studioIn, writeTrack } from './fixtures.ts'
import { loudnessCommand, readLoudness } from './loudness-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-loudness-'))
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))
const target = { lufs: -14, truePeakDb: -1 }

async function planned(source: string) {
  const { probe } = await studio.probe(source, 'video/mp4')
  return planVideo(probe, little, { filter: null })
}

/** A silent picture with what the expressions say, one a channel. */
function soundClip(name: string, expressions: string, seconds: number, layout = 'mono'): string {
  const sound = `aevalsrc='${expressions}':s=48000:d=${seconds}:c=${layout}`
  const picture = `color=c=gray:s=160x120:r=25:d=${seconds}`
  const inputs = flags('-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound)
  ffmpeg(folder, ...inputs, ...flags('-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '256k', name))
  return join(folder, name)
}

/** Samples of one channel at 48 kHz, from zero on. */
function channel(file: string, side: 0 | 1): Int16Array {
  const filter = `aresample=48000:async=1:first_pts=0,aformat=channel_layouts=stereo,pan=mono|c0=c${side}`
  const pcm = ffmpeg(folder, '-copyts', '-i', file, '-af', filter, '-f', 's16le', '-')
  return new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1)
}

test('studio: a quiet sound and a loud one come out equally loud, as EBU R 128 measures it', async () => {
  for (const amplitude of [0.05, 0.9]) {
    const source = soundClip('tone.mp4', `${amplitude}*sin(2*PI*997*t)`, 6)
    const plan = await planned(source)
    const measured = must(await studio.measureLoudness(source, plan, {}))
    assert.ok(measured.truePeakDb > measured.lufs && measured.truePeakDb < 0, `a peak of ${measured.truePeakDb}`)
    const gainDb = loudnessGainDb(measured, target)
    const track = await studio.encodeAudio(source, plan, { gainDb, peakDb: -1 })
    const out = writeTrack(folder, 'tone.m4a', track)
    const { lufs } = must(await studio.measureLoudness(out, { ...plan, audio: { streamIndex: 0, kbps: 1 } }, {}))
    assert.ok(Math.abs(lufs - -14) < 0.3, `${lufs} LUFS`)
  }
})

test('studio: nothing to be heard has no loudness, and five channels are heard on both sides', async () => {
  const nothing = makeClip(folder, 'nothing.mp4', { seconds: 1, more: ['-af', 'volume=0'] })
  const { lufs } = (await studio.measureLoudness(nothing, await planned(nothing), {})) ?? { lufs: -100 }
  assert.ok(lufs <= -60)

  // Centre and left surround alone: the centre is on both sides, the surround on its own.
  const around = soundClip('around.mp4', '0|0|0.3*sin(2*PI*500*t)|0|0.3*sin(2*PI*2000*t)|0', 3, '5.1')
  const plan = await planned(around)
  const out = writeTrack(folder, 'around.m4a', await studio.encodeAudio(around, plan, {}))
  const power = (samples: Int16Array) => Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length)
  const [left, right] = [power(channel(out, 0)), power(channel(out, 1))]
  const centre = (0.3 * 32768 * Math.SQRT1_2) / Math.SQRT2
  assert.ok(Math.abs(right - centre) < centre * 0.1, `${right} for the centre's ${centre}`)
  assert.ok(Math.abs(left - centre * Math.SQRT2) < centre * 0.15, `${left} with the surround`)
})

test('studio: a sound that is made louder begins when it began, and is not louder than the limit', async () => {
  // A quiet tone with a click that no window of measuring would have to know of.
  const source = soundClip('click.mp4', 'if(between(t,1,1.02),0.9,if(gte(t,0.5),0.05,0))*sin(2*PI*1000*t)', 4)
  const plan = await planned(source)
  const plain = channel(writeTrack(folder, 'plain.m4a', await studio.encodeAudio(source, plan, {})), 0)
  const loud = channel(writeTrack(folder, 'loud.m4a', await studio.encodeAudio(source, plan, { gainDb: 12, peakDb: -3 })), 0)
  const most = (samples: Int16Array) => samples.reduce((high, sample) => Math.max(high, Math.abs(sample)), 0)
  const begins = (samples: Int16Array) => {
    const heard = most(samples.subarray(30_000, 40_000)) / 2
    return samples.findIndex((sample) => Math.abs(sample) > heard)
  }
  assert.ok(Math.abs(begins(plain) - begins(loud)) <= 48, `${begins(plain)} and ${begins(loud)}`)
  assert.equal(plain.length, loud.length)
  const peak = most(loud)
  assert.ok(peak < 32768 * 10 ** (-3 / 20) * 1.12, `a peak of ${peak}`)
  const late = (samples: Int16Array) => most(samples.subarray(110_000, 150_000))
  assert.ok(Math.abs(late(loud) / late(plain) - 10 ** (12 / 20)) < 0.4, 'what is below the limit is made louder by the whole gain')
})

test('commands: loudness is measured in windows of the source as if they were one sound', async () => {
  const source = makeClip(folder, 'plan.mp4', { seconds: 1 })
  const plan = await planned(source)
  const { inputOptions, moreInputs, outputs } = loudnessCommand('/media/in.mp4', plan, [
    { startSeconds: 1, seconds: 15 },
    { startSeconds: 40.5, seconds: 15 },
  ])
  const last = (options: readonly string[] | undefined) => options?.slice(-8).join(' ')
  assert.equal(last(inputOptions), '-vn -sn -seek_timestamp 1 -ss 1 -t 15')
  assert.equal(last(moreInputs?.[0]?.options), '-vn -sn -seek_timestamp 1 -ss 40.5 -t 15')
  assert.equal(
    must(outputs[0]).options.join(' '),
    '-filter_complex [0:1]aformat=sample_fmts=fltp:channel_layouts=stereo,aresample=48000[w0];[1:1]aformat=sample_fmts=fltp:channel_layouts=stereo,aresample=48000[w1];[w0][w1]concat=n=2:v=0:a=1,ebur128=peak=true:metadata=1:framelog=verbose,ametadata=mode=print:file=loudness.txt[measured] -map [measured] -f null',
  )
})

test('loudness: the last value counts, and of the peaks the highest', () => {
  const text =
    'frame:0\nlavfi.r128.I=-70.000\nlavfi.r128.true_peaks_ch0=0.5\nframe:9\nlavfi.r128.I=-23.100\nlavfi.r128.true_peaks_ch0=0.25\nlavfi.r128.true_peaks_ch1=1.0\n'
  assert.deepEqual(readLoudness(text), { lufs: -23.1, truePeakDb: 0 })
  assert.equal(readLoudness(''), null)
})

test('studio: of a long film whose sound ends early what there is of it is measured, and the rest is silence', async () => {
  const name = 'early.mkv'
  const inputs = flags('-f', 'lavfi', '-i', 'color=c=gray:s=64x48:r=10:d=80', '-f', 'lavfi', '-i', 'sine=f=997:d=20')
  ffmpeg(folder, ...inputs, ...flags('-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '20', '-c:a', 'aac', name))
  const source = join(folder, name)
  const { probe } = await studio.probe(source, 'video/x-matroska')
  const plan = planVideo(probe, little, { filter: null })
  const measured = must(await studio.measureLoudness(source, plan, {}))
  assert.ok(measured.lufs < -15 && measured.lufs > -30, `${measured.lufs} LUFS`)
  const { segments } = await studio.encodeAudio(source, plan, {})
  const seconds = segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0)
  assert.ok(Math.abs(seconds - plan.durationMs / 1000) < 0.1, `${seconds} s of sound`)
})
