import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import { HeldLease } from './held-lease.ts'
import { memoryDirectory } from './memory-directory.ts'

async function holding(leaseMs = 30_000) {
  const time = { nowMs: 0, renewals: 0, isDown: false }
  const clock = { nowMs: () => time.nowMs, wait: async () => {}, every: () => () => {} }
  const directory = memoryDirectory({ leaseMs, nowMs: clock.nowMs })
  const watched = {
    ...directory,
    async renew(lease: Parameters<typeof directory.renew>[0]) {
      time.renewals += 1
      if (time.isDown) throw new MediaError('CATALOG_UNAVAILABLE')
      return directory.renew(lease)
    },
  }
  const held = new HeldLease(watched, clock, await directory.allot('w'), clock.nowMs())
  return { time, directory, held }
}

const fenced = (error: unknown) => error instanceof MediaError && error.code === 'VOLUME_FENCED'

test('held lease: nothing is asked while it is young, and it is renewed without waiting before it ends', async () => {
  const { time, held } = await holding()
  await held.ensure()
  assert.equal(time.renewals, 0)
  time.nowMs = 20_000
  await held.ensure()
  assert.equal(time.renewals, 1)
  await new Promise((resolve) => setImmediate(resolve))
  time.nowMs = 40_000
  assert.equal(held.isValid, true)
})

test('held lease: one that has run out is asked for before anything is written, and lost when another has taken it', async () => {
  const { time, held, directory } = await holding()
  time.nowMs = 28_000
  assert.equal(held.isValid, false)
  await held.ensure()
  assert.equal(held.isValid, true)
  time.nowMs = 60_000
  assert.ok(await directory.take(held.lease.volume, 'thief'))
  await assert.rejects(held.ensure(), fenced)
  await assert.rejects(held.ensure(), fenced)
  assert.equal(held.isValid, false)
})

test('held lease: a directory that does not answer costs nothing while the lease lasts', async () => {
  const { time, held } = await holding()
  time.isDown = true
  time.nowMs = 20_000
  await held.ensure()
  time.nowMs = 30_000
  await assert.rejects(held.ensure(), (error) => error instanceof MediaError && error.code === 'CATALOG_UNAVAILABLE')
  time.isDown = false
  await held.ensure()
  assert.equal(held.isValid, true)
})

test('held lease: where leases are not kept it is valid for ever', async () => {
  const { time, held } = await holding(Number.POSITIVE_INFINITY)
  time.nowMs = Number.MAX_SAFE_INTEGER
  await held.ensure()
  assert.equal(time.renewals, 0)
})
