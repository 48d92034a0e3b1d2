import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readQuotas } from './config.ts'
import { baseUrl, choice, required, SettingError, urlList, whole } from './settings.ts'

test('settings: a wrong number is refused with a sentence that names the setting and its bounds', () => {
  assert.throws(() => whole({ API_PORT: '80a' }, 'API_PORT', { min: 0, max: 65_535, fallback: 1 }), {
    message: 'API_PORT must be a whole number from 0 to 65535, not "80a".',
  })
  assert.throws(() => whole({ API_PORT: '65536' }, 'API_PORT', { min: 0, max: 65_535, fallback: 1 }), SettingError)
})

test('settings: an unset number takes its fallback, a set one is taken as it is', () => {
  assert.equal(whole({}, 'API_PORT', { min: 0, max: 9, fallback: 4 }), 4)
  assert.equal(whole({ API_PORT: '0' }, 'API_PORT', { min: 0, max: 9, fallback: 4 }), 0)
})

test('settings: one of a few words is taken, any other refused with the words', () => {
  assert.equal(choice({}, 'VOLUME_READS', ['cached', 'direct']), 'cached')
  assert.equal(choice({ VOLUME_READS: 'direct' }, 'VOLUME_READS', ['cached', 'direct']), 'direct')
  assert.throws(() => choice({ VOLUME_READS: 'yes' }, 'VOLUME_READS', ['cached', 'direct']), {
    message: 'VOLUME_READS must be cached or direct, not "yes".',
  })
})

test('settings: what is required and absent is named', () => {
  assert.throws(() => required({}, 'DATABASE_URL'), { message: 'DATABASE_URL is not set: this process needs it.' })
})

test('settings: URLs lose their trailing slash, anything but http is refused', () => {
  assert.equal(baseUrl({ PUBLIC_BASE_URL: 'http://a.example/' }, 'PUBLIC_BASE_URL', ''), 'http://a.example')
  assert.throws(() => baseUrl({ PUBLIC_BASE_URL: 'ftp://a' }, 'PUBLIC_BASE_URL', ''), SettingError)
  assert.deepEqual(urlList({ EDGE_URLS: 'http://a:1/, http://b:2' }, 'EDGE_URLS'), ['http://a:1', 'http://b:2'])
})

test('settings: quotas are read with their units, and what is none is named', () => {
  assert.deepEqual(readQuotas({ SPACE_QUOTAS: '*=2TiB, acme=5MiB' }), [
    { tenant: null, bytesMax: 2 * 1024 ** 4 },
    { tenant: 'acme', bytesMax: 5 * 1024 ** 2 },
  ])
  for (const wrong of ['acme', 'acme=5', '=5GiB', 'acme=-1GiB'])
    assert.throws(() => readQuotas({ SPACE_QUOTAS: wrong }), {
      message: `SPACE_QUOTAS: ${wrong} is no quota; write acme=20GiB or *=500GiB.`,
    })
})
