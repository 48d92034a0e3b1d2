import assert from 'node:assert/strict'
import { test } from 'node:test'
import { photoIdOf } from './address.ts'

test('address: only a photo that has an id has a page', () => {
  assert.equal(photoIdOf('/photos/0epj4b8000100'), '0epj4b8000100')
  for (const path of [
    '/',
    '/photos/',
    '/volumes',
    '/photos/0epj4b800010',
    '/photos/0epj4b8000100/',
    '/photos/0EPJ4B8000100',
    '/v1/media/0epj4b8000100',
  ])
    assert.equal(photoIdOf(path), null, path)
})
