import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { type RingWrite, WriteRing } from './write-ring.ts'

function write(number: number): RingWrite {
  return { fd: number, offset: number * 2 ** 33, memory: 1, at: number * 2 ** 20, length: 2 ** 20 + number }
}

function bothSides(): { asks: WriteRing; takes: WriteRing } {
  const asks = new WriteRing()
  return { asks, takes: new WriteRing(asks.memory) }
}

test('write ring: writes are taken, and their answers collected, in order', () => {
  const { asks, takes } = bothSides()
  for (let turn = 0; turn < 5; turn += 1) {
    for (const number of [1, 2, 3]) asks.ask(write(number))
    for (const number of [1, 2, 3]) {
      assert.deepEqual(takes.take(), write(number))
      takes.answer(-number)
    }
    assert.equal(takes.take(), null)
    assert.deepEqual([asks.collect(), asks.collect(), asks.collect(), asks.collect()], [-1, -2, -3, null])
  }
})

test('write ring: a word is sent to who sleeps, and to nobody else', () => {
  const { asks, takes } = bothSides()
  assert.equal(asks.ask(write(1)), true, 'it begins asleep')
  assert.equal(asks.ask(write(2)), false, 'it was sent a word')
  takes.take()
  assert.equal(takes.answer(0), true)
  takes.take()
  assert.equal(takes.answer(0), false, 'word of the first answer is on its way')
  assert.equal(takes.take(), null)
  assert.equal(asks.ask(write(3)), true)
  asks.listen()
  takes.take()
  assert.equal(takes.answer(0), true)
  asks.promise()
  assert.equal(asks.ask(write(4)), false, 'it has not looked for more yet')
  takes.take()
  assert.equal(takes.answer(0), false, 'who asks looks soon of itself')
})

test('write ring: it is full of writes whose answers are not collected', () => {
  const { asks, takes } = bothSides()
  let count = 0
  for (; asks.hasRoom; count += 1) asks.ask(write(count))
  assert.ok(count >= 4)
  takes.take()
  takes.answer(0)
  assert.equal(asks.hasRoom, false)
  asks.collect()
  assert.equal(asks.hasRoom, true)
})

test('write ring: no word is lost between two threads, however their steps fall', async () => {
  const asks = new WriteRing()
  const source = `
    const { workerData: { file, memory }, parentPort } = require('node:worker_threads')
    import(file).then(({ WriteRing }) => {
      const ring = new WriteRing(memory)
      parentPort.on('message', () => {
        for (let next = ring.take(); next !== null; next = ring.take()) if (ring.answer(-next.length)) parentPort.postMessage(null)
      })
      parentPort.postMessage('ready')
    })`
  const file = new URL('write-ring.ts', import.meta.url).href
  const worker = new Worker(source, { eval: true, workerData: { file, memory: asks.memory } })
  await new Promise((resolve) => worker.once('message', resolve))
  const total = 20_000
  let [asked, answered] = [0, 0]
  await new Promise<void>((resolve, reject) => {
    const ask = () => {
      // Now one at a time, now as many as there is room for: both sides come to sleep and to be busy.
      for (let more = asked % 7; asked < total && asks.hasRoom && (more > 0 || asked === answered); more -= 1) {
        asked += 1
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
        if (asks.ask({ ...write(1), length: asked })) worker.postMessage(null)
      }
    }
    const collect = (): number => {
      let count = 0
      for (let errno = asks.collect(); errno !== null; errno = asks.collect()) {
        count += 1
        answered += 1
        if (errno !== -answered) reject(new Error(`answer ${answered} is of write ${-errno}`))
      }
      return count
    }
    const look = () => {
      collect()
      ask()
      asks.promise()
      setImmediate(() => {
        asks.listen()
        if (collect() > 0) look()
        if (answered === total) resolve()
      })
    }
    worker.on('message', look).once('error', reject)
    ask()
  })
  await worker.terminate()
  assert.equal(answered, total)
})
