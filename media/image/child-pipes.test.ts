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

test('child-pipes: memory that a piece has for itself is given back, and that of what follows is not', async () => {
  const stream = new PassThrough()
  const [whole, longer, shared] = [Buffer.allocUnsafeSlow(2), Buffer.allocUnsafeSlow(3), Buffer.allocUnsafeSlow(4).subarray(1, 2)]
  const files = collect(stream, [2, 1, 1], 100)
  for (const piece of [whole, shared, longer]) stream.write(piece.fill(7))
  assert.deepEqual(await files, [new Uint8Array([7, 7]), new Uint8Array([7]), new Uint8Array([7])])
  assert.deepEqual(
    [whole, shared, longer].map(({ buffer }) => buffer.byteLength),
    [0, 4, 3],
  )
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
