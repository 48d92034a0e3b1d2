import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../../domain/limits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { ffmpeg, little, makeClip, must, processesIn, studioIn } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-endings-'))
const scratch = join(folder, 'scratch')
const studio = studioIn(folder)
after(() => rmSync(folder, { recursive: true, force: true }))

const plain = makeClip(folder, 'plain.mp4', { more: ['-movflags', '+faststart'] })

test('studio: cut-off, malformed and soundless-only files are refused with their code', async () => {
  const bytes = readFileSync(plain)
  const cut = join(folder, 'cut.mp4')
  for (const share of [0.3, 0.7, 0.98]) {
    writeFileSync(cut, bytes)
    truncateSync(cut, Math.floor(bytes.length * share))
    await assert.rejects(studio.probe(cut, 'video/mp4'), { code: 'MEDIA_CORRUPT' }, `cut at ${share}`)
  }
  writeFileSync(join(folder, 'noise.mp4'), Buffer.alloc(5000, 'noise'))
  await assert.rejects(studio.probe(join(folder, 'noise.mp4'), 'video/mp4'), { code: 'MEDIA_CORRUPT' })
  ffmpeg(folder, '-i', 'plain.mp4', '-vn', '-c', 'copy', 'sound.mp4')
  await assert.rejects(studio.probe(join(folder, 'sound.mp4'), 'video/mp4'), { code: 'MEDIA_NO_VIDEO' })
  await assert.rejects(studio.probe(join(folder, 'absent.mp4'), 'video/mp4'), { code: 'OBJECT_NOT_FOUND' })
  await assert.rejects(studio.probe(plain, 'image/png'), { code: 'MEDIA_TYPE_UNSUPPORTED' })
  await assert.rejects(studioIn(folder, { limits: { ...limits, videoDurationMsMax: 4000 } }).probe(plain, 'video/mp4'), {
    code: 'MEDIA_TOO_LONG',
  })
  await assert.rejects(studioIn(folder, { limits: { ...limits, videoPixelsMax: 4000 } }).probe(plain, 'video/mp4'), {
    code: 'MEDIA_TOO_MANY_PIXELS',
  })
})

test('studio: a file cut off after it was probed fails the chunks that lack frames', async () => {
  const { probe } = await studio.probe(plain, 'video/mp4')
  const plan = planVideo(probe, little, { filter: null })
  const cut = join(folder, 'cut-later.mp4')
  const bytes = readFileSync(plain)
  writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * 0.7)))
  await assert.rejects(studio.encodeChunk(cut, plan, must(plan.chunks[1]), {}), { code: 'MEDIA_CORRUPT' })
})

test('studio: a playlist or a list of files in disguise is not followed', async () => {
  for (const [name, text] of [
    ['list.mp4', `ffconcat version 1.0\nfile ${plain}\n`],
    ['list.m3u8', `#EXTM3U\n#EXTINF:5,\n${plain}\n#EXT-X-ENDLIST\n`],
  ] as const) {
    writeFileSync(join(folder, name), text)
    await assert.rejects(studio.probe(join(folder, name), 'video/mp4'), { code: 'MEDIA_CORRUPT' })
  }
  await assert.rejects(studio.probe(`concat:${plain}|${plain}`, 'video/mp4'), { code: 'OBJECT_NOT_FOUND' })
})

const long = makeClip(folder, 'long.mp4', { size: '640x480', rate: '30', seconds: 20, silent: true })
const longPreset = {
  ...little,
  video: { ...little.video, rungs: [{ shortSide: 480, crf: 20, maxKbps: 6000 }, ...little.video.rungs], chunkSeconds: 20 },
}

test('studio: an abort kills ffmpeg before the promise settles, and leaves no files', async () => {
  const { probe } = await studio.probe(long, 'video/mp4')
  const plan = planVideo(probe, longPreset, { filter: null })
  const aborter = new AbortController()
  let seen: number[] = []
  const fractions: number[] = []
  const run = studio.encodeChunk(long, plan, must(plan.chunks[0]), {
    signal: aborter.signal,
    onProgress: (fraction) => {
      fractions.push(fraction)
      if (seen.length > 0) return
      seen = processesIn(scratch)
      aborter.abort(new Error('enough'))
    },
  })
  await assert.rejects(run, /enough/)
  assert.equal(seen.length, 1, 'one ffmpeg was at work')
  assert.deepEqual(processesIn(scratch), [])
  assert.deepEqual(readdirSync(scratch), [])
  assert.ok(fractions.every((fraction) => fraction >= 0 && fraction <= 1))
})

test('studio: time over ends ffmpeg with MEDIA_TOO_COSTLY', async () => {
  const hasty = studioIn(folder, { limits: { ...limits, videoChunkMsMin: 150, videoChunkMsPerSecondMax: 1 } })
  const { probe } = await studio.probe(long, 'video/mp4')
  const plan = planVideo(probe, longPreset, { filter: null })
  await assert.rejects(hasty.encodeChunk(long, plan, must(plan.chunks[0]), {}), { code: 'MEDIA_TOO_COSTLY' })
  assert.deepEqual(processesIn(scratch), [])
})

test('studio: when its process is killed ffmpeg dies too, and the next studio removes the leftovers', {
  skip: process.platform !== 'linux',
}, async () => {
  const { probe } = await studio.probe(long, 'video/mp4')
  const plan = planVideo(probe, longPreset, { filter: null })
  const orphanage = join(folder, 'orphanage')
  const program = `
    import { createVideoStudio } from ${JSON.stringify(import.meta.resolve('./studio.ts'))}
    import { limits } from ${JSON.stringify(import.meta.resolve('../../domain/limits.ts'))}
    const studio = createVideoStudio({ ffmpeg: 'ffmpeg', ffprobe: 'ffprobe', scratch: ${JSON.stringify(join(orphanage, 'scratch'))}, limits })
    const plan = ${JSON.stringify(plan)}
    await studio.encodeChunk(${JSON.stringify(long)}, plan, plan.chunks[0], { onProgress: () => process.stdout.write('.') })`
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '--no-warnings', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(parent.stdout, 'data')
  const [child] = processesIn(orphanage)
  assert.ok(child !== undefined, 'ffmpeg is at work')
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  const deadline = Date.now() + 5000
  while (processesIn(orphanage).length > 0 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(processesIn(orphanage), [])
  assert.equal(readdirSync(join(orphanage, 'scratch')).length, 1)
  studioIn(orphanage)
  assert.deepEqual(readdirSync(join(orphanage, 'scratch')), [])
})

test('studio: when what starts its programs is killed, what ran is lost and dies, and the next run goes well', {
  skip: process.platform !== 'linux',
}, async () => {
  const { probe } = await studio.probe(long, 'video/mp4')
  const plan = planVideo(probe, longPreset, { filter: null })
  let killed = 0
  const run = studio.encodeChunk(long, plan, must(plan.chunks[0]), {
    onProgress: () => {
      const [encoder] = processesIn(scratch)
      if (killed !== 0 || encoder === undefined) return
      killed = encoder
      const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${encoder}/status`, 'utf8')) ?? []
      assert.notEqual(Number(parent), process.pid)
      process.kill(Number(parent), 'SIGKILL')
    },
  })
  await assert.rejects(run, { code: 'WORKER_LOST' })
  assert.notEqual(killed, 0)
  const deadline = Date.now() + 5000
  while (processesIn(scratch).length > 0 && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(processesIn(scratch), [])
  assert.equal((await studio.probe(plain, 'video/mp4')).seekable, true)
})

test('studio: without ffmpeg the error says so', async () => {
  const { probe } = await studio.probe(plain, 'video/mp4')
  const plan = planVideo(probe, little, { filter: null })
  const bare = studioIn(folder, { ffmpeg: '/nonexistent/ffmpeg', ffprobe: '/nonexistent/ffprobe' })
  await assert.rejects(bare.encodeChunk(plain, plan, must(plan.chunks[0]), {}), { code: 'ENGINE_MISSING' })
  await assert.rejects(bare.probe(plain, 'video/mp4'), { code: 'ENGINE_MISSING' })
})
