import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeSampleClip, sampleClipTags } from './clip.ts'

const folder = mkdtempSync(join(tmpdir(), 'sample-clip-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('sample clip: has picture, sound, the length asked for and the private tags that are to be stripped', async () => {
  const clip = await makeSampleClip({ ffmpeg: 'ffmpeg', target: join(folder, 'clip.mp4'), seconds: 2, width: 160, height: 90, fps: 10 })
  const { format, streams } = JSON.parse(
    execFileSync('ffprobe', ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', clip], { encoding: 'utf8' }),
  ) as { format: { duration: string; tags: Record<string, string> }; streams: { codec_name: string; width?: number; height?: number }[] }
  assert.ok(Math.abs(Number(format.duration) - 2) < 0.05)
  assert.deepEqual(
    streams.map(({ codec_name, width, height }) => [codec_name, width, height]),
    [
      ['h264', 160, 90],
      ['aac', undefined, undefined],
    ],
  )
  for (const [key, value] of Object.entries(sampleClipTags)) assert.ok(format.tags[key]?.startsWith(value.slice(0, 16)), key)
})
