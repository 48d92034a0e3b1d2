import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { S3ServiceException } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { codeOf, MediaError } from '../../domain/errors.ts'
import { letsAnybodyIn } from '../provision.ts'
import { bodyOf, fillFrom } from './body.ts'
import { isPlainRefusal, s3Error } from './errors.ts'
import { partsOf } from './parts.ts'

function failure(name: string, httpStatusCode: number, message = name): S3ServiceException {
  return new S3ServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode } })
}

async function* chunks(sizes: readonly number[]) {
  const buffer = new Uint8Array(64)
  let next = 0
  for (const size of sizes) {
    // The same memory for every chunk, as a reader with one buffer does.
    const chunk = buffer.subarray(0, size)
    for (let index = 0; index < size; index += 1) chunk[index] = next++ % 256
    yield chunk
  }
}

test('parts: every part but the last is whole, and nothing is lost or moved', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 64 })), fc.integer({ min: 1, max: 40 }), async (sizes, partBytes) => {
      const total = sizes.reduce((sum, size) => sum + size, 0)
      const parts: Uint8Array[] = []
      for await (const part of partsOf(chunks(sizes), partBytes)) parts.push(part)
      assert.equal(parts.length, Math.max(1, Math.ceil(total / partBytes)))
      for (const part of parts.slice(0, -1)) assert.equal(part.byteLength, partBytes)
      assert.deepEqual(Buffer.concat(parts), Buffer.from(Array.from({ length: total }, (_, index) => index % 256)))
    }),
  )
})

test('s3 errors: names and statuses become codes of the table', () => {
  for (const [name, status, code] of [
    ['NoSuchKey', 404, 'OBJECT_NOT_FOUND'],
    ['NotFound', 404, 'OBJECT_NOT_FOUND'],
    ['NoSuchBucket', 404, 'STORAGE_UNAVAILABLE'],
    ['InvalidRange', 416, 'RANGE_NOT_SATISFIABLE'],
    ['PreconditionFailed', 412, 'OBJECT_EXISTS'],
    ['Unknown', 412, 'OBJECT_EXISTS'],
    ['XMinioStorageFull', 507, 'STORAGE_FULL'],
    ['Unknown', 507, 'STORAGE_FULL'],
    ['SlowDown', 503, 'STORAGE_UNAVAILABLE'],
    ['AccessDenied', 403, 'STORAGE_UNAVAILABLE'],
  ] as const) {
    assert.equal(s3Error(failure(name, status), 'k').code, code, name)
  }
  assert.equal(s3Error(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'k').facts.name, 'ECONNREFUSED')
  const ours = new MediaError('STORAGE_FULL')
  assert.equal(s3Error(ours, 'k'), ours)
})

test('s3 errors: what the server said is not passed on', () => {
  const error = s3Error(failure('SignatureDoesNotMatch', 403, 'StringToSign: AWS4-HMAC-SHA256 secret'), 'k')
  assert.ok(!`${error.stack}${JSON.stringify(error.facts)}`.includes('StringToSign'))
  assert.equal(error.cause, undefined)
})

test('s3 errors: only a refusal for another reason is certain to have changed nothing', () => {
  for (const status of [400, 401, 403, 405, 411, 416]) assert.ok(isPlainRefusal(failure('X', status)), String(status))
  for (const status of [404, 408, 409, 412, 500, 503]) assert.ok(!isPlainRefusal(failure('X', status)), String(status))
  assert.ok(!isPlainRefusal(new Error('ECONNRESET')))
})

test('s3 body: an answer that ends early or breaks is an error, and one left alone is given free', async () => {
  let destroyed = 0
  const source = (list: readonly Uint8Array[], error?: Error) => ({
    async *[Symbol.asyncIterator]() {
      yield* list
      if (error !== undefined) throw error
    },
    destroy: () => (destroyed += 1) as never,
  })
  const gather = async (body: AsyncIterable<Uint8Array>) => {
    let bytes = 0
    for await (const chunk of body) bytes += chunk.byteLength
    return bytes
  }
  assert.equal(await gather(bodyOf(source([new Uint8Array(3)]), 3, 'k')), 3)
  await assert.rejects(gather(bodyOf(source([new Uint8Array(2)]), 3, 'k')), (error) => codeOf(error) === 'STORAGE_UNAVAILABLE')
  await assert.rejects(
    gather(bodyOf(source([new Uint8Array(2)], new Error('reset')), 3, 'k')),
    (error) => codeOf(error) === 'STORAGE_UNAVAILABLE',
  )
  assert.equal(destroyed, 0)
  for await (const chunk of bodyOf(source([new Uint8Array(1), new Uint8Array(1)]), 2, 'k')) {
    assert.equal(chunk.byteLength, 1)
    break
  }
  await bodyOf(source([]), 0, 'k')[Symbol.asyncIterator]().return?.()
  assert.equal(destroyed, 2)
})

test('s3 body: put into room at once it is the same, and other bytes than announced or a break are errors', async () => {
  const pieces = () => [new Uint8Array([1, 2]), new Uint8Array([3])]
  const whole = new Uint8Array(3)
  const given = pieces()
  await fillFrom(Readable.from(given), whole, 'k')
  assert.deepEqual([...whole], [1, 2, 3])
  assert.deepEqual(
    given.map(({ byteLength }) => byteLength),
    [0, 0],
  )
  const broken = async function* () {
    yield new Uint8Array(1)
    throw new Error('reset')
  }
  for (const [source, bytes] of [
    [Readable.from([...pieces(), ...pieces()]), 1],
    [Readable.from(pieces()), 2],
    [Readable.from(pieces()), 4],
    [Readable.from(pieces()), 0],
    [Readable.from(broken()), 1],
  ] as const)
    await assert.rejects(fillFrom(source, new Uint8Array(bytes), 'k'), (error) => codeOf(error) === 'STORAGE_UNAVAILABLE')
})

test('provision: a policy that lets anybody in is seen in each of its forms', () => {
  const policy = (Effect: string, Principal: unknown) => JSON.stringify({ Statement: [{ Effect, Principal, Action: 's3:GetObject' }] })
  for (const principal of ['*', { AWS: '*' }, { AWS: ['arn:aws:iam::1:root', '*'] }]) assert.ok(letsAnybodyIn(policy('Allow', principal)))
  assert.ok(letsAnybodyIn(JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*' } })))
  for (const principal of ['arn:aws:iam::1:root', { AWS: ['arn:aws:iam::1:root'] }, { Service: 's3.amazonaws.com' }]) {
    assert.ok(!letsAnybodyIn(policy('Allow', principal)))
  }
  assert.ok(!letsAnybodyIn(policy('Deny', '*')))
  assert.ok(!letsAnybodyIn('{}'))
})
