import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import type { AsyncReads } from './async-reads.ts'
import { ReadRing } from './read-ring.ts'
import { serveAsync, withTheDisk } from './serve-async.ts'

const BELL_FD = 77
const request = { fd: 5, start: 4096, span: 4096, place: 0, skip: 0, length: 10, seed: null }

/** What a disk does at a wait, with the slots that it was asked for and has not answered. */
type Turn = (underWay: number[], onAnswer: (slot: number, count: number) => void, msMax: number) => number

/** Serves `count` requests until all are answered: by the turns, and then all at each wait. */
function serve(count: number, turns: Turn[], refused: readonly number[] = []) {
  const ring = new ReadRing()
  for (let slot = 0; slot < count; slot += 1) ring.ask(slot, request)
  const underWay: number[] = []
  const answers: string[] = []
  const reads: AsyncReads = {
    bellFd: BELL_FD,
    ask({ tag }) {
      if (refused.includes(tag)) return false
      underWay.push(tag)
      return true
    },
    wait(msMax, onAnswer) {
      const turn = turns.shift() ?? answerAll
      return turn(
        underWay,
        (slot, bytes) => {
          underWay.splice(underWay.indexOf(slot), 1)
          onAnswer(slot, bytes)
        },
        msMax,
      )
    },
    close: () => {},
  }
  serveAsync(ring, reads, {
    answer: (slot, bytes) => answers.push(`${slot}: ${bytes}`),
    readNow: (slot) => answers.push(`${slot}: read at once`),
    tell() {
      if (answers.length === count) ring.close()
    },
  })
  return answers
}

const answerAll: Turn = (underWay, onAnswer) => {
  const slots = [...underWay]
  for (const slot of slots) onAnswer(slot, 10)
  return slots.length
}

test('asynchronous reads: some of many are kept for when the disk answers, none of a few', () => {
  assert.deepEqual([1, 2, 4, 6, 7, 8, 16, 32].map(withTheDisk), [4, 4, 5, 6, 7, 7, 11, 19])
  const seen: number[] = []
  const answers = serve(32, [
    (underWay, onAnswer) => {
      seen.push(underWay.length)
      onAnswer(0, 10)
      seen.push(underWay.length)
      onAnswer(1, 10)
      seen.push(underWay.length)
      return 2
    },
  ])
  // Each answer makes room for another one, though fewer are asked for by then.
  assert.deepEqual(seen, [19, 19, 19])
  assert.deepEqual(answers.toSorted(), Array.from({ length: 32 }, (_, slot) => `${slot}: 10`).toSorted())
})

test('asynchronous reads: what was held back goes to a disk that does not answer, and soon', () => {
  const seen: [number, boolean][] = []
  const look: Turn = (underWay, _, msMax) => {
    seen.push([underWay.length, msMax < 10])
    return 0
  }
  const answers = serve(32, [look, look])
  assert.deepEqual(seen, [
    [19, true],
    [32, false],
  ])
  assert.equal(answers.length, 32)
})

test('asynchronous reads: who waits for the disk is rung for what is asked for meanwhile, once', () => {
  const bells: (number | null)[] = []
  const ring = new ReadRing()
  ring.ask(0, request)
  let turn = 0
  const underWay: number[] = []
  serveAsync(
    ring,
    {
      bellFd: BELL_FD,
      ask: ({ tag }) => underWay.push(tag) > 0,
      wait(_, onAnswer) {
        turn += 1
        if (turn > 1) {
          ring.close()
          for (const slot of underWay.splice(0)) onAnswer(slot, 10)
          return 2
        }
        bells.push(ring.bellToRing)
        ring.ask(1, request)
        bells.push(ring.bellToRing, ring.bellToRing)
        return 0
      },
      close: () => {},
    },
    { answer: () => {}, readNow: () => {}, tell: () => {} },
  )
  assert.deepEqual(bells, [null, BELL_FD, null])
})

test('asynchronous reads: what is answered by nothing but that it be tried again is read at once', () => {
  const { EINTR, EIO } = constants.errno
  const answers = serve(2, [
    (_, onAnswer) => {
      onAnswer(0, -EINTR)
      onAnswer(1, -EIO)
      return 2
    },
  ])
  assert.deepEqual(answers, ['0: read at once', `1: ${-EIO}`])
})

test('asynchronous reads: what the system does not take is read at once, and the others go on', () => {
  const answers = serve(3, [], [1])
  assert.deepEqual(answers, ['1: read at once', '0: 10', '2: 10'])
})
