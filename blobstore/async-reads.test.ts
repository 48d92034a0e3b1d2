import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { test, type TestContext } from 'node:test'
import { alignedMemory } from './aligned-memory.ts'
import { asyncOnly, fileOf } from './async-reads.fixture.ts'
import { type AsyncRead, type AsyncReads, openAsyncReads } from './async-reads.ts'
import { foreignCalls } from './foreign-calls.ts'

const MEMORY_BYTES = 4 * 1024 ** 2

function opened(context: TestContext) {
  const memory = alignedMemory(MEMORY_BYTES)
  const reads = openAsyncReads(memory, 8)
  assert.ok(reads !== null, 'the library for foreign calls, or the system, has no asynchronous reads')
  context.after(() => reads.close())
  return { bytes: new Uint8Array(memory.buffer), reads }
}

/** What comes of them, by tag. */
function answersOf(reads: AsyncReads, asked: readonly AsyncRead[]): Map<number, number | 'refused'> {
  const answers = new Map<number, number | 'refused'>()
  for (const read of asked) if (!reads.ask(read)) answers.set(read.tag, 'refused')
  while (answers.size < asked.length) reads.wait(100, (tag, bytes) => answers.set(tag, bytes))
  return answers
}

test(
  'asynchronous reads of the system: each puts its own bytes where it was told to, fewer at the end of the file',
  asyncOnly,
  async (context) => {
    const { bytes, reads } = opened(context)
    const file = randomBytes(300_000)
    const fd = await fileOf(context, file)
    const asked = Array.from({ length: 8 }, (_, tag) => ({ tag, fd, offset: tag * 40_000, at: tag * 100_000, length: 50_000 }))
    const answers = answersOf(reads, asked)
    for (let tag = 0; tag < 8; tag += 1) {
      const wanted = file.subarray(tag * 40_000, tag * 40_000 + 50_000)
      assert.equal(answers.get(tag), wanted.byteLength)
      assert.equal(Buffer.compare(bytes.subarray(tag * 100_000, tag * 100_000 + wanted.byteLength), wanted), 0)
    }
  },
)

test('asynchronous reads of the system: one that is refused is told, and those after it go on', asyncOnly, async (context) => {
  const { reads } = opened(context)
  const fd = await fileOf(context, randomBytes(100))
  const asked = [fd, 1_000_000, fd].map((one, tag) => ({ tag, fd: one, offset: 0, at: 0, length: 60 }))
  assert.deepEqual(
    [...answersOf(reads, asked)].toSorted(([a], [b]) => a - b),
    [
      [0, 60],
      [1, 'refused'],
      [2, 60],
    ],
  )
})

test('asynchronous reads of the system: an error has the number that the system gives it, below 0', asyncOnly, async (context) => {
  const { bytes, reads } = opened(context)
  const fd = await fileOf(context, randomBytes(100))
  // No memory of any process lies there.
  const at = 4096 - Number(foreignCalls()?.address(bytes))
  assert.equal(answersOf(reads, [{ tag: 3, fd, offset: 0, at, length: 60 }]).get(3), -constants.errno.EFAULT)
})

test('asynchronous reads of the system: a wait hears the bell, each time that it is rung', asyncOnly, async (context) => {
  const { reads } = opened(context)
  const never = () => assert.fail('nothing was asked for')
  for (let turn = 0; turn < 3; turn += 1) {
    writeSync(reads.bellFd, new Uint8Array(new BigUint64Array([1n]).buffer))
    assert.equal(reads.wait(10_000, never), 1)
    assert.throws(() => readSync(reads.bellFd, new Uint8Array(8)), { code: 'EAGAIN' }, 'it still rings')
  }
})

test('asynchronous reads of the system: the memory is to lie on large pages, and is no child’s', asyncOnly, async (context) => {
  const { bytes } = opened(context)
  bytes.fill(1)
  const areas = readFileSync('/proc/self/smaps', 'utf8').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)
  const area = areas.find((one) => Number(/^Rss: +(\d+) kB/m.exec(one)?.[1]) === MEMORY_BYTES / 1024 && /^VmFlags:.* dc\b/m.test(one))
  assert.ok(area, 'there is no area of that size that children do not get')
  if (existsSync('/sys/kernel/mm/transparent_hugepage')) assert.match(area, /^VmFlags:.* hg\b/m)
})
