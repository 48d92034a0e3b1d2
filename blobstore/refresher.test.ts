import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, Refresher, sleepAware } from './refresher.ts'

function fakeClock(): Clock & { waited: number[] } {
  let now = 0
  const waited: number[] = []
  return {
    waited,
    nowMs: () => now,
    async wait(ms) {
      waited.push(ms)
      now += ms
    },
    every: () => () => {},
  }
}

test('refresher: who asks during a run gets a later run, and all who ask together share it', async () => {
  const finishers: (() => void)[] = []
  const refresher = new Refresher(() => new Promise((resolve) => finishers.push(resolve)), 0, fakeClock())
  const first = refresher.request()
  while (finishers.length < 1) await new Promise(setImmediate)
  const [second, third] = [refresher.request(), refresher.request()]
  assert.equal(second, third)
  assert.equal(finishers.length, 1)
  finishers[0]?.()
  await first
  while (finishers.length < 2) await new Promise(setImmediate)
  finishers[1]?.()
  await second
  assert.equal(finishers.length, 2)
})

test('refresher: however many ask, runs keep their distance', async () => {
  const clock = fakeClock()
  let runs = 0
  const refresher = new Refresher(
    async () => {
      runs += 1
    },
    250,
    clock,
  )
  for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 100 }, () => refresher.request()))
  assert.equal(runs, 3)
  assert.deepEqual(clock.waited, [250, 250])
})

test('refresher: a failed run is told to those who asked for it and to nobody after', async () => {
  let fail = true
  const refresher = new Refresher(
    async () => {
      if (fail) throw new Error('not now')
    },
    0,
    fakeClock(),
  )
  await assert.rejects(refresher.request(), /not now/)
  assert.equal(refresher.freshAtMs, Number.NEGATIVE_INFINITY)
  fail = false
  await refresher.request()
  assert.equal(refresher.freshAtMs, 0)
})

test('clock: time asleep has passed, and the wall clock set back takes nothing away', () => {
  let [monotonic, wall] = [100, 5_000_000]
  const now = sleepAware(
    () => monotonic,
    () => wall,
  )
  const after = (ran: number, passed: number) => {
    monotonic += ran
    wall += passed
    return now()
  }
  assert.deepEqual([now(), after(10, 10.9), after(0, 27_000), after(5, -60_000), after(5, 5)], [100, 110, 27_110, 27_115, 27_120])
})
