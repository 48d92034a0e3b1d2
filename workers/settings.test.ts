import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDevKey, readQuotas, readVariants } from './config.ts'
import { baseUrl, choice, hostUrl, hostUrls, required, SettingError, whole } from './settings.ts'

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
  assert.deepEqual(hostUrls({ EDGE_URLS: 'http://a:1/, http://b:2' }, 'EDGE_URLS'), ['http://a:1', 'http://b:2'])
})

test('settings: what stands behind a host that files are asked of is refused, since their addresses begin at its root', () => {
  for (const value of ['http://a.example/media', 'http://a.example?x=1', 'http://a.example/#x', 'http://me:word@a.example'])
    assert.throws(() => hostUrl({ PUBLIC_BASE_URL: value }, 'PUBLIC_BASE_URL', ''), {
      message: `PUBLIC_BASE_URL must be the URL of a host alone, such as https://media.example, not "${value}".`,
    })
  assert.equal(baseUrl({ TEMPORAL_UI_URL: 'http://a.example/ui/' }, 'TEMPORAL_UI_URL', ''), 'http://a.example/ui')
})

test('settings: a size that no origin makes, and a key that no request can bring, are refused at the start', () => {
  assert.deepEqual(readVariants({ VARIANT_SIZES: '4096,800x600' }).sizes, ['4096', '800x600'])
  assert.throws(() => readVariants({ VARIANT_SIZES: '800,400x5000' }), {
    message: 'VARIANT_SIZES: 400x5000 is too large; a side has 4096 pixels at most.',
  })
  assert.equal(readDevKey({ DARKROOM_DEV_KEY: 'long-enough' }), 'long-enough')
  for (const key of ['secret', 'two words of it', 'x'.repeat(257)]) assert.throws(() => readDevKey({ DARKROOM_DEV_KEY: key }), SettingError)
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
