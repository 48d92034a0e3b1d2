import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { simulate } from './blob-sim.ts'
import { catchPlanted, plantedBugs, simLives } from './planted.ts'

const seeds = Array.from({ length: 24 }, (_, index) => index + 1)

test('blobstore crash: after any power cut what was acknowledged is there, what was erased is not, and nothing else is', async () => {
  let states = 0
  let detected = 0
  for (const seed of seeds) {
    const result = await simulate(seed, simLives(seed), { variants: 2 })
    states += result.states
    detected += result.detected
  }
  assert.ok(states > 2_000 && detected > 20, `${states} states, ${detected} with detected harm`)
})

for (const [name, planted] of Object.entries(plantedBugs)) {
  test(`blobstore crash: the planted mistake "${name}" is caught`, async () => {
    assert.match((await catchPlanted(planted)) ?? 'not caught', planted.caughtAs)
  })
}

const length = fc.integer({ min: 0, max: 300 })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), lengths: fc.array(length, { minLength: 1, maxLength: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('putMany' as const), count: fc.integer({ min: 2, max: 5 }), length }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), which: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), which: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('compact' as const), which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('reopen' as const, 'seal' as const, 'steal' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('fail' as const), calls: fc.nat(4), errno: fc.constantFrom('EIO' as const, 'ENOSPC' as const) }),
  },
)

test('blobstore crash: any order of puts, deletes, reads, seals, thefts, compactions, restarts, failing disks and power cuts keeps the promises', async () => {
  const lives = fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.nat(2 ** 31), lives, async (seed, steps) => {
      await simulate(seed, steps, { variants: 1 })
    }),
    { numRuns: 40 },
  )
})
