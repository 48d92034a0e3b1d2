import assert from 'node:assert/strict'
import { createDecipheriv } from 'node:crypto'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import type { MediaId } from '../domain/ids.ts'
import { sealFor } from './seal.ts'

const key = Buffer.alloc(16, 7)
const keys = { keyOf: () => key }
const input = { mediaId: '01kq8z4v7g0j0' as MediaId, version: 1 }

test('seal: what is encrypted is got back with the key and the vector, and is the same each time', () => {
  const seal = sealFor(keys, { ...input, preset: 'protected' })
  assert.ok(seal)
  const clear = Buffer.from('a segment of a video')
  const { data, iv } = seal(clear, 0x0180_0001)
  assert.equal(iv, '00000000000000000000000001800001')
  const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(iv, 'hex'))
  assert.deepEqual(Buffer.concat([decipher.update(data), decipher.final()]), clear)
  assert.deepEqual(seal(clear, 0x0180_0001).data, data)
  assert.notDeepEqual(seal(clear, 0x0180_0002).data, data)
})

test('seal: other presets encrypt nothing, and without a secret nothing is made that could not be played', () => {
  assert.equal(sealFor(keys, { ...input, preset: 'standard' }), null)
  assert.throws(
    () => sealFor(null, { ...input, preset: 'protected' }),
    (error: unknown) => error instanceof MediaError && error.code === 'ENGINE_MISSING',
  )
})
