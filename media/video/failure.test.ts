import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ending, failureOf, redact, hiddenFailure } from './failure.ts'

const ended = (line: string, more: Partial<Ending> = {}): Ending => ({
  status: 1,
  signal: null,
  lines: [line],
  missing: false,
  overdue: false,
  ...more,
})
const file = '/media/in.mp4'
const url = 'https://store.test/bucket/key?X-Amz-Signature=secret'

test('failure: what ffmpeg says decides between the file, the storage, the machine and the time', () => {
  const codeOf = (source: string, ending: Ending) => failureOf('ffmpeg', source, ending).code
  assert.equal(codeOf(file, ended('moov atom not found')), 'MEDIA_CORRUPT')
  assert.equal(codeOf(file, ended('file:/media/in.mp4: No such file or directory')), 'OBJECT_NOT_FOUND')
  assert.equal(codeOf(file, ended('av_interleaved_write_frame(): No space left on device')), 'STORAGE_FULL')
  for (const line of ['Cannot allocate memory', 'x264 [error]: malloc of size 7281984 failed', '[h264 @ 0x55] get_buffer() failed'])
    assert.equal(codeOf(file, ended(line)), 'MEDIA_TOO_COSTLY', line)
  assert.equal(codeOf(file, ended("Codec (cinepak) not on whitelist 'h264,hevc'")), 'MEDIA_TYPE_UNSUPPORTED')
  assert.equal(codeOf(url, ended('[https] HTTP error 404 Not Found')), 'OBJECT_NOT_FOUND')
  assert.equal(codeOf(url, ended('Server returned 404 Not Found')), 'OBJECT_NOT_FOUND')
  assert.equal(codeOf(url, ended('[https] HTTP error 503 Slow Down')), 'STORAGE_UNAVAILABLE')
  assert.equal(codeOf(url, ended('[tcp] Connection to tcp://store.test:443 failed: Connection refused')), 'STORAGE_UNAVAILABLE')
  assert.equal(codeOf(url, ended('[https] HTTP error 416 Range Not Satisfiable')), 'MEDIA_CORRUPT')
  assert.equal(codeOf(file, ended('', { status: null, signal: 'SIGKILL' })), 'WORKER_LOST')
  assert.equal(codeOf(file, ended('', { status: null, signal: 'SIGSEGV' })), 'MEDIA_CORRUPT')
  assert.equal(codeOf(file, ended('', { overdue: true, signal: 'SIGKILL' })), 'MEDIA_TOO_COSTLY')
  assert.equal(codeOf(file, ended('', { missing: true })), 'ENGINE_MISSING')
})

test('failure: logs see what ffmpeg wrote, but no address of the source and no signature', () => {
  const error = failureOf(
    'ffmpeg',
    url,
    ended(`${url}: Invalid data\nhttps://other.test/redirected?token=1 moved\nopening https://store.test/bucket/key`),
  )
  const everything = JSON.stringify([error.message, error.facts])
  assert.doesNotMatch(everything, /secret|store\.test|other\.test|token/)
  assert.match(String(error.facts['stderr']), /Invalid data/)
  assert.equal(redact('at /scratch/video-1-a/rung-0.mp4', ['/scratch/video-1-a']), 'at <hidden>/rung-0.mp4')
})

test('failure: a broken connection and a file that stops early are seen although ffmpeg ended well', () => {
  assert.equal(hiddenFailure('ffmpeg', file, ['[mov] stream 0, offset 0x61a: partial file'])?.code, 'MEDIA_CORRUPT')
  assert.equal(hiddenFailure('ffmpeg', url, ['[https] Stream ends prematurely at 5, should be 9'])?.code, 'STORAGE_UNAVAILABLE')
  assert.equal(
    hiddenFailure('ffmpeg', url, ['[mov] stream 0, offset 0x61a: partial file', 'Connection reset by peer'])?.code,
    'STORAGE_UNAVAILABLE',
  )
  assert.equal(hiddenFailure('ffmpeg', url, ['[h264] reference picture missing']), null)
  assert.equal(hiddenFailure('ffmpeg', file, ['Error writing trailer of rung-0.mp4: No space left on device'])?.code, 'STORAGE_FULL')
  assert.equal(hiddenFailure('ffmpeg', file, []), null)
})
