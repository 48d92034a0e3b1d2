import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeSampleClip } from '../../media/sample/clip.ts'
import { createApiClient } from '../../workers/api-client.ts'
import { withoutKafka } from './support/encoders.ts'
import { servedFiles } from './support/files.ts'
import { newHome, startInstance } from './support/instance.ts'
import { lintDash } from './support/lint-dash.ts'
import { lintHls } from './support/lint-hls.ts'
import { missing, tools } from './support/tools.ts'

const skip = missing('postgresBin', 'temporal', 'ffmpeg')

test('codecs: rungs in HEVC and AV1 pass both linters beside those in H.264', { skip }, async (context) => {
  const home = await newHome()
  const running = await startInstance(home.path, withoutKafka(tools))
  context.after(async () => {
    await running.stop()
    await home.remove()
  })
  const clip = await readFile(await makeSampleClip({ ffmpeg: tools.ffmpeg ?? '', target: join(home.path, 'clip.mp4'), seconds: 2 }))
  const client = createApiClient(running.instance.api, running.instance.apiKey)
  const { id } = await client.upload(clip, 'video/mp4', { preset: 'modern' })
  const item = await client.follow(id, () => {})
  assert.equal(item.state, 'ready')
  assert.ok(item.renditions.some(({ name }) => name === '720p-hevc.m3u8') && item.renditions.some(({ name }) => name === '480p-av1.m3u8'))
  assert.deepEqual(await lintHls(item.hls ?? '', servedFiles()), [])
  assert.deepEqual(await lintDash(item.dash ?? '', servedFiles()), [])
  const spoilt = servedFiles((text) => text.replaceAll('hvc1.1.6.L93', 'hvc1.4.6.L186'))
  assert.match((await lintHls(item.hls ?? '', spoilt)).join('; '), /HEVC profile 4[\s\S]*HEVC level 186/)
})
