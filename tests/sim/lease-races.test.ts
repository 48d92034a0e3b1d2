import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaseRaces } from './lease-world.ts'
import { Random } from './random.ts'
import { Violation } from './sim-check.ts'

const seeds = Array.from({ length: 25 }, (_, index) => index + 1)

test('lease races: writers held up at any moment, on objects that let racers all win, lose nothing that they acknowledged', async () => {
  const sum = { acknowledged: 0, taken: 0 }
  for (const seed of seeds) {
    const { acknowledged, taken } = await leaseRaces(seed, new Random(seed))
    sum.acknowledged += acknowledged
    sum.taken += taken
  }
  assert.ok(sum.acknowledged > 300 && sum.taken > 30, `${sum.acknowledged} acknowledged, ${sum.taken} taken over`)
})

test('lease races: writers that trust their lease for ever are caught losing needles', async () => {
  const caught: string[] = []
  for (const seed of seeds) {
    await leaseRaces(seed, new Random(seed), { trustsLeases: true }).catch((error: unknown) => {
      if (!(error instanceof Violation)) throw error
      caught.push(error.message)
    })
    if (caught.length > 0) break
  }
  assert.match(caught[0] ?? 'not caught', /acknowledged/)
})
