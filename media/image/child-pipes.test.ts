import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { collect } from './child-pipes.ts'

test('child-pipes: files are parted by their sizes, however they are cut on their way, and what follows is left', async () => {
  const stream = new PassThrough()
  const files = collect(stream, [3, 0, 5], 100)
  for (const piece of ['ab', 'c', 'defg', 'hNEXT']) {
    stream.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual(
    (await files).map((file) => Buffer.from(file).toString()),
    ['abc', '', 'defgh'],
  )
  assert.equal((await collect(stream, [4], 4)).map((file) => Buffer.from(file).toString()).join(), 'NEXT')
})

test('child-pipes: a stream that ends early or breaks is an error, and so are more bytes than there may be', async () => {
  const ended = new PassThrough()
  ended.end('ab')
  await assert.rejects(collect(ended, [3], 100), /ended early/)
  const broken = new PassThrough()
  const waiting = collect(broken, [3], 100)
  broken.destroy()
  await assert.rejects(waiting, /ended early/)
  for (const sizes of [[101], [60, 60], [-1], [1.5], [Number.NaN]]) await assert.rejects(collect(new PassThrough(), sizes, 100), /files of/)
})
