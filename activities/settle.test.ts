import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MediaId } from '../domain/ids.ts'
import type { Outcome } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { refuse, type SettleDeps } from './settle.ts'

const input = { mediaId: '01kq8z4v7g0j0' as MediaId } as IngestInput

async function errorOf(code: string, said?: string) {
  const settled: Outcome[] = []
  const catalog = {
    get: async () => ({ id: input.mediaId, tenant: 'acme', kind: 'image', state: 'processing' }),
    settle: async (_: MediaId, outcome: Outcome) => {
      settled.push(outcome)
    },
  }
  await refuse({ catalog } as unknown as SettleDeps)(input, code, said)
  const [outcome] = settled
  if (!outcome || !('error' in outcome)) throw new Error('nothing was refused')
  const { error, event } = outcome
  return { error, told: (event as { error?: object }).error }
}

test('settle: who sent a file that is refused is told what is wrong with it, and what went wrong with us stays with us', async () => {
  const { error, told } = await errorOf('EDIT_INVALID', 'The crop leaves 10 x 10 pixels of 384 x 512.')
  assert.equal(error.detail, 'The crop leaves 10 x 10 pixels of 384 x 512.')
  assert.deepEqual(Object.keys(told ?? {}), ['code', 'title'], 'the event keeps to its schema')
  assert.equal((await errorOf('EDIT_INVALID', 'x'.repeat(1_000))).error.detail?.length, 300)
  assert.equal((await errorOf('EDIT_INVALID')).error.detail, undefined)
  assert.equal((await errorOf('EDIT_INVALID', error.title)).error.detail, undefined)
  assert.equal((await errorOf('INTERNAL', 'connect ECONNREFUSED 10.0.0.1')).error.detail, undefined)
})
