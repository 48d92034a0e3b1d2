import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { objectLives, type ObjectStep, simulateObjects } from './object-sim.ts'
import { catchPlantedInObjects, plantedInObjects } from './planted.ts'

const seeds = Array.from({ length: 16 }, (_, index) => index + 1)

test('object crash: wherever writing, merging, compacting and collecting end, acknowledged needles are there and erased ones are gone', async () => {
  let states = 0
  let erased = 0
  for (const seed of seeds) {
    const result = await simulateObjects(seed, objectLives(seed))
    states += result.states
    erased += result.erased
  }
  assert.ok(states > 400 && erased > 20, `${states} states, ${erased} erasures`)
})

for (const [name, { bug, caughtAs }] of Object.entries(plantedInObjects)) {
  test(`object crash: the planted mistake "${name}" is caught`, async () => {
    assert.match((await catchPlantedInObjects(bug)) ?? 'not caught', caughtAs)
  })
}

const which = fc.nat(1_000)
const step: fc.Arbitrary<ObjectStep> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('put' as const, 'delete' as const, 'merge' as const, 'compact' as const), which }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('putMany' as const), count: fc.integer({ min: 2, max: 5 }), length: fc.nat(300) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('seal' as const, 'steal' as const, 'collect' as const, 'reopen' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), calls: fc.nat(4), isDone: fc.boolean() }) },
)

test('object crash: any order of puts, erasures, seals, thefts, merges, compactions, collections and failures keeps the promises', async () => {
  const lives = fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 2 })
  await fc.assert(
    fc.asyncProperty(fc.nat(2 ** 31), lives, async (seed, steps) => {
      await simulateObjects(seed, steps)
    }),
    { numRuns: 60 },
  )
})
