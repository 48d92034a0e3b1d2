import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { fstatSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { MediaError } from '../domain/errors.ts'
import { asyncOnly, fileOf } from './async-reads.fixture.ts'
import { encodeRecord } from './needle.ts'
import { recordBytes } from './layout.ts'
import type { ReaderData } from './disk-reader.ts'
import { ReadRing } from './read-ring.ts'
import { ReaderThreads, startReader } from './reader-threads.ts'

const isUnavailable = (error: unknown) => error instanceof MediaError && error.code === 'STORAGE_UNAVAILABLE'

for (const isDirect of [false, true]) {
  test(`reader threads: many reads at once each give their own bytes, in memory that is used again${isDirect ? ', asynchronously' : ''}`, async (context) => {
    const bytes = new Uint8Array(randomBytes(3_000_000))
    const fd = await fileOf(context, bytes)
    const threads = new ReaderThreads(3, { isDirect })
    context.after(() => threads.close())
    const memory = new Set<ArrayBufferLike>()
    for (let turn = 0; turn < 5; turn += 1) {
      const reads = Array.from({ length: 200 }, (_, index) => ({ fd, offset: index * 14_321 + turn, length: 1 + index * 571 }))
      await Promise.all(
        reads.map(async (read, index) => {
          const loan = await threads.lend(read)
          // Held for a while, so that others have to wait for their memory.
          if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
          assert.equal(Buffer.compare(loan.bytes, bytes.subarray(read.offset, read.offset + read.length)), 0)
          memory.add(loan.bytes.buffer)
          loan.release()
          loan.release()
        }),
      )
    }
    assert.ok([...memory].some((buffer) => buffer instanceof SharedArrayBuffer))
  })

  test(`reader threads: a read ends where the file does${isDirect ? ', asynchronously' : ''}`, async (context) => {
    const bytes = new Uint8Array(randomBytes(10_000))
    const fd = await fileOf(context, bytes)
    const threads = new ReaderThreads(1, { isDirect })
    context.after(() => threads.close())
    const lengthAt = async (offset: number) => (await threads.read({ fd, offset, length: 5_000 })).byteLength
    assert.deepEqual(await Promise.all([0, 5_001, 9_999, 10_000, 50_000].map(lengthAt)), [5_000, 4_999, 1, 0, 0])
  })

  test(`reader threads: a record is called sound when every byte of it is as it was written, and only where that was asked${isDirect ? ', asynchronously' : ''}`, async (context) => {
    const data = new Uint8Array(randomBytes(20_001))
    const bytes = new Uint8Array(recordBytes(data.byteLength) + 13)
    const header = {
      type: 'needle',
      lastOfBatch: true,
      epoch: 1,
      alt: 2,
      key: 3n,
      cookie: new Uint8Array(8),
      batch: 1,
      durableThrough: 0,
    } as const
    encodeRecord(bytes, 0, 7, header, data)
    const files = [bytes, ...[0, 20, 53, 60, 10_000, 20_060, 20_070].map((at) => bytes.with(at, (bytes[at] ?? 0) ^ 1))]
    const threads = new ReaderThreads(2, { isDirect })
    context.after(() => threads.close())
    const found: boolean[] = []
    for (const one of files) {
      const fd = await fileOf(context, one)
      for (const seed of [7, 8, undefined]) found.push((await threads.lend({ fd, offset: 0, length: one.byteLength, seed })).isSound)
    }
    assert.deepEqual(found, [true, ...found.slice(1).map(() => false)])
    const cut = await fileOf(context, bytes.subarray(0, recordBytes(data.byteLength) - 9))
    assert.equal((await threads.lend({ fd: cut, offset: 0, length: bytes.byteLength, seed: 7 })).isSound, false)
  })

  test(`reader threads: what the system refuses is an error of that read alone${isDirect ? ', asynchronously' : ''}`, async (context) => {
    const fd = await fileOf(context, new Uint8Array(100))
    const threads = new ReaderThreads(2, { isDirect })
    context.after(() => threads.close())
    const bad = threads.lend({ fd: 1_000_000, offset: 0, length: 10 })
    const good = threads.lend({ fd, offset: 0, length: 10 })
    await assert.rejects(bad, isUnavailable)
    assert.equal((await good).bytes.byteLength, 10)
    assert.equal(threads.isOver, false)
  })
}

test('reader threads: when a thread ends of itself, all reads under way fail, and those that wait for memory too', async () => {
  const threads = new ReaderThreads(2, { startThread: () => new Worker('throw new Error("ended")', { eval: true }) })
  const reads = await Promise.allSettled(Array.from({ length: 100 }, () => threads.lend({ fd: 0, offset: 0, length: 10 })))
  assert.ok(reads.every((read) => read.status === 'rejected' && isUnavailable(read.reason)))
  assert.equal(threads.isOver, true)
  await threads.close()
})

test('reader threads: while one hangs in a read, what is asked for later is read by another', async (context) => {
  const bytes = new Uint8Array(randomBytes(100))
  const fd = await fileOf(context, bytes)
  const ring = JSON.stringify(new URL('read-ring.ts', import.meta.url).href)
  const hang = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(${ring}).then(({ ReadRing }) => {
      const ring = new ReadRing(workerData)
      ring.join()
      ring.take(() => {})
      parentPort.postMessage(0)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  let first: Worker | null = null
  const threads = new ReaderThreads(4, {
    startThread: (workerData) => {
      if (first !== null) return startReader(workerData)
      first = new Worker(hang, { eval: true, workerData })
      return first
    },
  })
  context.after(() => threads.close())
  void threads.lend({ fd, offset: 0, length: 10 })
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => (first as Worker | null)?.once('message', resolve))
  const reads = Array.from({ length: 20 }, (_, offset) => threads.read({ fd, offset, length: 10 }))
  for (const [offset, read] of (await Promise.all(reads)).entries()) assert.deepEqual([...read], [...bytes.subarray(offset, offset + 10)])
})

/** What no open file is. */
const HANGING_FD = 1_000_000
const SLOW_FD = 1_000_001

/** A thread as it is, of which one read never comes back, and another one late. */
function startHangable(workerData: ReaderData): Worker {
  const reader = JSON.stringify(new URL('disk-reader.ts', import.meta.url).href)
  const code = `
    const fs = require('node:fs')
    const { readSync } = fs
    const wait = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    fs.readSync = (fd, ...rest) => {
      if (fd === ${HANGING_FD}) wait()
      if (fd !== ${SLOW_FD}) return readSync(fd, ...rest)
      wait(20)
      return 0
    }
    require('node:module').syncBuiltinESMExports()
    import(${reader})`
  return new Worker(code, { eval: true, workerData })
}

test('reader threads: those after the second start from text that it hands on, and read as the others do', async (context) => {
  const bytes = new Uint8Array(randomBytes(1_000))
  const fd = await fileOf(context, bytes)
  const texts: (string | undefined)[] = []
  const threads = new ReaderThreads(4, {
    startThread: (workerData, text) => {
      texts.push(text?.protocol)
      return text === undefined ? startHangable(workerData) : startReader(workerData, text)
    },
  })
  context.after(() => threads.close())
  // Only the first two wait at these; to the others they are no files.
  const ask = (from: number, count: number) =>
    Array.from({ length: count }, (_, offset) => threads.read({ fd: from, offset, length: 10 }).catch(isUnavailable))
  while (texts.length < 4) await Promise.all(ask(SLOW_FD, 4))
  assert.deepEqual(texts, [undefined, undefined, 'data:', 'data:'])
  void ask(HANGING_FD, 2)
  for (let offset = 0; offset < 100; offset += 1)
    assert.deepEqual([...(await threads.read({ fd, offset, length: 10 }))], [...bytes.subarray(offset, offset + 10)])
})

test('reader threads: where the system has no asynchronous reads, more threads read past the page cache', async (context) => {
  const bytes = new Uint8Array(randomBytes(1_000))
  const fd = await fileOf(context, bytes)
  const asked: boolean[] = []
  const threads = new ReaderThreads(3, {
    isDirect: true,
    startThread: (workerData) => {
      asked.push(workerData.isAsync)
      return startHangable({ ...workerData, isAsync: false })
    },
  })
  context.after(() => threads.close())
  while (asked.length < 3) await Promise.all([0, 1, 2].map((offset) => threads.read({ fd: SLOW_FD, offset, length: 10 })))
  assert.deepEqual(asked, [true, false, false])
  assert.deepEqual([...(await threads.read({ fd, offset: 5, length: 10 }))], [...bytes.subarray(5, 15)])
})

test('reader threads: past the page cache one thread has all reads with the disk', asyncOnly, async (context) => {
  const bytes = new Uint8Array(randomBytes(100_000))
  const fd = await fileOf(context, bytes)
  const rings: ReadRing[] = []
  const threads = new ReaderThreads(4, {
    isDirect: true,
    startThread: (workerData) => {
      rings.push(new ReadRing(workerData))
      return startReader(workerData)
    },
  })
  context.after(() => threads.close())
  await Promise.all(Array.from({ length: 200 }, (_, offset) => threads.read({ fd, offset, length: 50_000 })))
  assert.deepEqual(
    rings.map((ring) => ring.isAsync),
    [true],
  )
})

/** One that takes a request, and then does as one does that waits for a disk with it, or that hangs in asking the disk for it. */
function startWaiting(workerData: ReaderData, bellFd: number, isDozing: boolean): Worker {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    import(${JSON.stringify(new URL('read-ring.ts', import.meta.url).href)}).then(({ ReadRing }) => {
      const ring = new ReadRing(workerData)
      ring.hangBell(${bellFd})
      ring.join()
      ring.take(() => {})
      if (${isDozing}) ring.doze()
      parentPort.postMessage(0)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  return new Worker(code, { eval: true, workerData })
}

for (const isDozing of [true, false]) {
  const state = isDozing ? 'waits for the disk, and hears the bell' : 'hangs in asking the disk'
  test(`reader threads: what one leaves that ${state}, others read`, async (context) => {
    const bytes = new Uint8Array(randomBytes(1_000))
    const [fd, bellFd] = [await fileOf(context, bytes), await fileOf(context, new Uint8Array())]
    let first: Worker | null = null
    const threads = new ReaderThreads(4, {
      isDirect: true,
      startThread: (workerData) => {
        if (first !== null) return startReader(workerData)
        first = startWaiting(workerData, bellFd, isDozing)
        return first
      },
    })
    void threads.lend({ fd, offset: 0, length: 10 }).catch(isUnavailable)
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => (first as Worker | null)?.once('message', resolve))
    const reads = Array.from({ length: 20 }, (_, offset) => threads.read({ fd, offset, length: 10 }))
    for (const [offset, read] of (await Promise.all(reads)).entries()) assert.deepEqual([...read], [...bytes.subarray(offset, offset + 10)])
    assert.equal(fstatSync(bellFd).size, isDozing ? 8 : 0)
    await (first as Worker | null)?.terminate()
  })
}

test('reader threads: once they are closed, nothing that they had of the system is left', asyncOnly, async (context) => {
  const fd = await fileOf(context, new Uint8Array(100))
  const open = () => readdirSync('/proc/self/fd').length
  const read = async () => {
    const threads = new ReaderThreads(1, { isDirect: true })
    await threads.read({ fd, offset: 0, length: 10 })
    await threads.close()
  }
  await read()
  const before = open()
  for (let turn = 0; turn < 5; turn += 1) await read()
  assert.equal(open(), before)
})

test('reader threads: past the page cache a buffer is filled to its end before its memory is used again', async (context) => {
  const bytes = new Uint8Array(randomBytes(200_000))
  const fd = await fileOf(context, bytes)
  for (const isDirect of [false, true]) {
    const threads = new ReaderThreads(1, { isDirect })
    context.after(() => threads.close())
    const places = new Set<number>()
    for (let turn = 0; turn < 30; turn += 1) {
      const loan = await threads.lend({ fd, offset: turn, length: 180_000 })
      assert.equal(Buffer.compare(loan.bytes, bytes.subarray(turn, turn + 180_000)), 0)
      places.add(loan.bytes.byteOffset - turn)
      loan.release()
    }
    assert.equal(places.size, isDirect ? 5 : 1)
  }
})

for (const started of [1, 2]) {
  for (const order of ['before', 'after']) {
    test(`reader threads: a read put up together with one that hangs, ${order} it, is answered, with ${started} started`, async (context) => {
      const bytes = new Uint8Array(randomBytes(100))
      const fd = await fileOf(context, bytes)
      let count = 0
      const threads = new ReaderThreads(4, {
        startThread: (memory) => {
          count += 1
          return startHangable(memory)
        },
      })
      context.after(() => threads.close())
      // More threads are started while reads are slow, and after many quick ones all of them sleep.
      while (started > 1 && count < started) await Promise.all([0, 1].map((offset) => threads.read({ fd: SLOW_FD, offset, length: 10 })))
      for (let turn = 0; turn < 100; turn += 1) await threads.read({ fd, offset: 0, length: 10 })
      assert.equal(count, started)
      const good = { fd, offset: 7, length: 10 }
      const hanging = { fd: HANGING_FD, offset: 0, length: 10 }
      if (order === 'after') void threads.lend(hanging)
      const read = threads.read(good)
      if (order === 'before') void threads.lend(hanging)
      assert.deepEqual([...(await read)], [...bytes.subarray(7, 17)])
    })
  }
}
