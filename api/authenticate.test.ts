import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuthenticator } from './authenticate.ts'
import { hashKey, newKey } from './keys.ts'

test('api: keys are long, distinct, and known by their hash only', () => {
  const key = newKey()
  assert.match(key, /^dk_[\w-]{43}$/)
  assert.notEqual(key, newKey())
  assert.match(hashKey(key), /^[0-9a-f]{64}$/)
})

test('api: a known key is looked up once in a while, an unknown one each time', async () => {
  const good = newKey()
  const asked: string[] = []
  let nowMs = 0
  let tenant: string | null = 'acme'
  const tenants = {
    tenantOfKey: async (hash: string) => {
      asked.push(hash)
      return hash === hashKey(good) ? tenant : null
    },
  }
  const authenticate = createAuthenticator({ tenants, cacheMsMax: 1_000, now: () => nowMs })
  assert.equal(await authenticate(`Bearer ${good}`), 'acme')
  assert.equal(await authenticate(`bearer ${good}`), 'acme')
  assert.equal(asked.length, 1)
  for (let turn = 0; turn < 2; turn++) await assert.rejects(authenticate(`Bearer ${newKey()}`), { code: 'UNAUTHENTICATED' })
  assert.equal(asked.length, 3)
  tenant = null
  nowMs = 1_000
  await assert.rejects(authenticate(`Bearer ${good}`), { code: 'UNAUTHENTICATED' })
})
