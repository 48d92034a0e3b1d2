import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { codeOf, MediaError } from '../../domain/errors.ts'
import type { ObjectStore } from '../../domain/ports.ts'

export interface ObjectStoreUnderTest {
  readonly store: ObjectStore
  /** What an interrupted put may have left: files in the making, open multipart uploads. */
  readonly leftovers?: () => Promise<readonly string[]>
  readonly close?: () => Promise<void>
}

export interface ObjectStoreSupport {
  /** Bytes of the large stream; more than two parts, where the store has parts. */
  readonly streamBytes: number
  /** Whether conditional puts at the same instant have exactly one winner; else only a later one is refused. */
  readonly oneWinner: boolean
  /** Whether `a` and `a/b` can both be keys; not on every S3 server. */
  readonly keyBelowKey: boolean
}

/** What every ObjectStore must hold to; `make` is called once, and its store holds other objects than `contract/`'s or none. */
export function objectStoreContract(name: string, make: () => Promise<ObjectStoreUnderTest>, supports: ObjectStoreSupport): void {
  suite(name, () => {
    let made: ObjectStoreUnderTest
    let store: ObjectStore
    before(async () => {
      made = await make()
      store = made.store
    })
    after(async () => await made?.close?.())

    test(`${name}: what was put is read back, and again`, async () => {
      assert.deepEqual(await store.put('contract/round/trip', bytesOf('hello'), { type: 'text/plain' }), { bytes: 5 })
      for (const _ of [1, 2]) assert.equal(await textOf(store, 'contract/round/trip'), 'hello')
      assert.deepEqual(await store.head('contract/round/trip'), { bytes: 5 })
      await store.put('contract/round/trip', bytesOf('replaced'))
      assert.equal(await textOf(store, 'contract/round/trip'), 'replaced')
    })

    test(`${name}: an empty object is an object`, async () => {
      assert.deepEqual(await store.put('contract/empty', new Uint8Array()), { bytes: 0 })
      assert.deepEqual(await store.put('contract/empty-stream', chunks(0, 1)), { bytes: 0 })
      for (const key of ['contract/empty', 'contract/empty-stream']) {
        assert.deepEqual(await store.head(key), { bytes: 0 })
        assert.equal(await textOf(store, key), '')
        assert.equal(await codeOfRejection(store.get(key, { start: 0, end: 0 })), 'RANGE_NOT_SATISFIABLE')
      }
    })

    test(`${name}: a large stream of uneven chunks comes back byte for byte`, async () => {
      const sent = createHash('sha256')
      const got = createHash('sha256')
      const source = chunks(supports.streamBytes, 65_537, (chunk) => sent.update(chunk))
      assert.deepEqual(await store.put('contract/big', source, { ifNoneMatch: true }), { bytes: supports.streamBytes })
      const { bytes, body } = await store.get('contract/big')
      for await (const chunk of body) got.update(chunk)
      assert.equal(bytes, supports.streamBytes)
      assert.equal(got.digest('hex'), sent.digest('hex'))
      assert.deepEqual((await made.leftovers?.()) ?? [], [])
    })

    test(`${name}: a range is what was asked for, its end cut to the object's`, async () => {
      await store.put('contract/range', bytesOf('0123456789'))
      for (const [start, end, expected] of [
        [0, 0, '0'],
        [2, 4, '234'],
        [9, 9, '9'],
        [7, 100, '789'],
        [0, 9, '0123456789'],
      ] as const) {
        const { bytes, body } = await store.get('contract/range', { start, end })
        assert.equal(await gather(body), expected)
        assert.equal(bytes, expected.length)
        const { fill } = await store.get('contract/range', { start, end })
        if (!fill) continue
        const whole = new Uint8Array(bytes)
        await fill(whole)
        assert.equal(Buffer.from(whole).toString(), expected)
        await assert.rejects(fill(new Uint8Array(bytes + 1)))
      }
      assert.equal(await codeOfRejection(store.get('contract/range', { start: 10, end: 12 })), 'RANGE_NOT_SATISFIABLE')
      assert.equal(await codeOfRejection(store.get('contract/range', { start: 3, end: 2 })), 'RANGE_NOT_SATISFIABLE')
    })

    test(`${name}: an object is composed of ranges of others, small and large, byte for byte`, async () => {
      const large = new Uint8Array(6 * 1024 ** 2).map((_, at) => (at * 7) % 253)
      const small = new Uint8Array(70_000).map((_, at) => (at * 11) % 251)
      await store.put('contract/pieces/large one', large)
      await store.put('contract/pieces/small', small)
      const whole = [
        { key: 'contract/pieces/small', data: small, start: 0 },
        { key: 'contract/pieces/large one', data: large, start: 0 },
        { key: 'contract/pieces/large one', data: large, start: 4_096 },
        { key: 'contract/pieces/small', data: small, start: 69_999 },
        { key: 'contract/pieces/large one', data: large, start: 100 },
        { key: 'contract/pieces/small', data: small, start: 5 },
      ]
      for (const parts of [whole, whole.slice(0, 1), whole.slice(3), whole.slice(3, 4)]) {
        const expected = Buffer.concat(parts.map(({ data, start }) => data.subarray(start)))
        const pieces = parts.map(({ key, data, start }) => ({ key, start, end: data.byteLength - 1 }))
        assert.deepEqual(await store.compose('contract/composed', pieces), { bytes: expected.byteLength })
        const { bytes, body } = await store.get('contract/composed')
        assert.equal(bytes, expected.byteLength)
        const got = createHash('sha256')
        for await (const chunk of body) got.update(chunk)
        assert.equal(got.digest('hex'), createHash('sha256').update(expected).digest('hex'))
      }
      const pieces = [{ key: 'contract/pieces/large one', start: 0, end: large.byteLength - 1 }]
      assert.equal(await codeOfRejection(store.compose('contract/composed', pieces, { ifNoneMatch: true })), 'OBJECT_EXISTS')
      assert.deepEqual(await store.compose('contract/composed-once', pieces, { ifNoneMatch: true }), { bytes: large.byteLength })
    })

    test(`${name}: who composes an object paces every byte of it, and may give it up half way`, async () => {
      const large = new Uint8Array(6 * 1024 ** 2)
      await store.put('contract/paced/large', large)
      await store.put('contract/paced/small', large.subarray(0, 1_000))
      const pieces = ['large', 'small', 'large'].map((name) => {
        const bytes = name === 'large' ? large.byteLength : 1_000
        return { key: `contract/paced/${name}`, start: 0, end: bytes - 1 }
      })
      let paced = 0
      const { bytes } = await store.compose('contract/paced/made', pieces, { pace: async (some) => void (paced += some) })
      assert.equal(paced, bytes)
      paced = 0
      const pace = async (some: number) => {
        paced += some
        if (paced > large.byteLength) throw new MediaError('STORAGE_UNAVAILABLE', 'given up')
      }
      assert.equal(await codeOfRejection(store.compose('contract/paced/unmade', pieces, { pace })), 'STORAGE_UNAVAILABLE')
      assert.equal(await store.head('contract/paced/unmade'), null)
      assert.deepEqual((await made.leftovers?.()) ?? [], [])
    })

    test(`${name}: what is composed of something that is not there is not made`, async () => {
      const large = new Uint8Array(6 * 1024 ** 2)
      await store.put('contract/pieces/there', large)
      const there = { key: 'contract/pieces/there', start: 0, end: large.byteLength - 1 }
      for (const [piece, code] of [
        [{ key: 'contract/pieces/gone', start: 0, end: 9 }, 'OBJECT_NOT_FOUND'],
        [{ key: 'contract/pieces/gone', start: 0, end: large.byteLength - 1 }, 'OBJECT_NOT_FOUND'],
        [{ ...there, end: large.byteLength + 5_000 }, 'RANGE_NOT_SATISFIABLE'],
        [{ ...there, start: large.byteLength - 10, end: large.byteLength }, 'RANGE_NOT_SATISFIABLE'],
      ] as const) {
        assert.equal(await codeOfRejection(store.compose('contract/unmade', [there, piece, there])), code)
      }
      assert.equal(await store.head('contract/unmade'), null)
      assert.deepEqual((await made.leftovers?.()) ?? [], [])
    })

    test(`${name}: a missing object is OBJECT_NOT_FOUND to get and null to head`, async () => {
      assert.equal(await codeOfRejection(store.get('contract/missing')), 'OBJECT_NOT_FOUND')
      assert.equal(await codeOfRejection(store.get('contract/missing', { start: 0, end: 1 })), 'OBJECT_NOT_FOUND')
      assert.equal(await store.head('contract/missing'), null)
    })

    for (const [what, bytes] of [
      ['small', 10],
      ['large', supports.streamBytes],
    ] as const) {
      test(`${name}: of 16 conditional puts at once ${supports.oneWinner ? 'exactly' : 'at least'} one wins (${what})`, async () => {
        const key = `contract/race/${what}`
        const outcomes = await Promise.allSettled(
          Array.from({ length: 16 }, async (_, racer) => {
            await store.put(key, chunks(bytes, 1 << 20, undefined, racer), { ifNoneMatch: true })
            return racer
          }),
        )
        const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
        const losses = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [codeOf(outcome.reason)] : []))
        assert.ok(supports.oneWinner ? winners.length === 1 : winners.length >= 1, `${winners.length} winners`)
        for (const loss of losses) assert.equal(loss, 'OBJECT_EXISTS')
        const { body } = await store.get(key, { start: 0, end: 0 })
        for await (const chunk of body) assert.ok(winners.includes(chunk[0] ?? -1))
        assert.equal(await codeOfRejection(store.put(key, bytesOf('late'), { ifNoneMatch: true })), 'OBJECT_EXISTS')
        assert.deepEqual(await store.head(key), { bytes })
        assert.deepEqual((await made.leftovers?.()) ?? [], [])
      })
    }

    for (const [what, bytes] of [
      ['first', 10],
      ['last', supports.streamBytes],
    ] as const) {
      test(`${name}: an error of the body in its ${what} part is passed on and leaves nothing`, async () => {
        const failure = new MediaError('UPLOAD_INCOMPLETE')
        async function* failing() {
          yield* chunks(bytes, 1 << 20)
          throw failure
        }
        const key = `contract/broken/${what}`
        await assert.rejects(store.put(key, failing()), (error) => error === failure)
        assert.equal(await store.head(key), null)
        assert.deepEqual((await made.leftovers?.()) ?? [], [])
      })
    }

    test(`${name}: an error of the body leaves the object that was there`, async () => {
      await store.put('contract/kept', bytesOf('kept'))
      async function* failing() {
        yield bytesOf('new')
        throw new Error('cut')
      }
      await assert.rejects(store.put('contract/kept', failing()), /^Error: cut$/)
      assert.equal(await textOf(store, 'contract/kept'), 'kept')
    })

    test(`${name}: a listing is in key order, complete, and goes on after a key`, async () => {
      const keys = ['b', 'a/c', 'a-b', 'a0', 'a/b/c', 'a.b', 'z', 'a/b-c', 'aa', 'A', 'é', '\u{1f4f7}', '\uffed'].map(
        (key) => `contract/list/${key}`,
      )
      for (const key of keys) await store.put(key, bytesOf(key))
      const expected = keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      assert.deepEqual(await keysOf(store, 'contract/list/'), expected)
      for (const [index, key] of expected.entries()) assert.deepEqual(await keysOf(store, 'contract/list/', key), expected.slice(index + 1))
      assert.deepEqual(
        await keysOf(store, 'contract/list/a/'),
        expected.filter((key) => key.startsWith('contract/list/a/')),
      )
      assert.deepEqual(
        await keysOf(store, 'contract/list/a'),
        expected.filter((key) => key.startsWith('contract/list/a')),
      )
      assert.deepEqual(
        await keysOf(store, 'contract/list/', 'contract/list/a/bb'),
        expected.filter((key) => key > 'contract/list/a/bb' || key.endsWith('\u{1f4f7}')),
      )
      assert.deepEqual(await keysOf(store, 'contract/nothing/'), [])
    })

    test(`${name}: a listing tells the size of each object`, async () => {
      await store.put('contract/sizes/three', bytesOf('123'))
      for await (const row of store.list('contract/sizes/')) assert.deepEqual(row, { key: 'contract/sizes/three', bytes: 3 })
    })

    test(`${name}: a deleted object is gone, and deleting it again is no error`, async () => {
      await store.put('contract/deleted', bytesOf('x'))
      for (const _ of [1, 2]) await store.delete('contract/deleted')
      assert.equal(await store.head('contract/deleted'), null)
      assert.deepEqual(await keysOf(store, 'contract/deleted'), [])
      await store.delete('contract/never/there')
      await store.put('contract/deleted', bytesOf('again'), { ifNoneMatch: true })
      assert.equal(await textOf(store, 'contract/deleted'), 'again')
    })

    test(`${name}: a located object can be read by someone else, by range`, async () => {
      await store.put('contract/lo ca+te/ü%41.jpg', bytesOf('0123456789'))
      const place = await store.locate('contract/lo ca+te/ü%41.jpg', 60_000)
      if (!/^https?:/.test(place)) return assert.equal(await readFile(place, 'utf8'), '0123456789')
      assert.equal(await (await fetch(place)).text(), '0123456789')
      const part = await fetch(place, { headers: { Range: 'bytes=3-5' } })
      assert.equal(part.status, 206)
      assert.equal(await part.text(), '345')
    })

    test(`${name}: keys of odd letters are all different and come back as they were`, async () => {
      const odd = [
        'a b',
        'a+b',
        'a%20b',
        'A b',
        'a=',
        'a~',
        'ä',
        'a\u0308',
        "q'()*!",
        'a&b<c>"',
        'a\\b',
        'a:b',
        'con',
        '...',
        '.hidden',
        '日本',
        'é'.repeat(40),
        '#?',
      ]
      const keys = odd.map((key) => `contract/odd/${key}`)
      for (const key of keys) await store.put(key, bytesOf(key))
      for (const key of keys) assert.equal(await textOf(store, key), key)
      assert.deepEqual(new Set(await keysOf(store, 'contract/odd/')), new Set(keys))
      for (const key of keys) await store.delete(key)
      assert.deepEqual(await keysOf(store, 'contract/odd/'), [])
    })

    test(`${name}: keys that not every store can hold are refused by all`, async () => {
      for (const key of [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../b',
        'a/./b',
        'a\0b',
        'a\nb',
        'a'.repeat(81),
        'a/'.repeat(257),
        '\ud800',
      ]) {
        assert.equal(await codeOfRejection(store.put(key, bytesOf('x'))), 'REQUEST_INVALID', JSON.stringify(key))
        assert.equal(await codeOfRejection(store.get(key)), 'REQUEST_INVALID', JSON.stringify(key))
        assert.equal(await codeOfRejection(store.head(key)), 'REQUEST_INVALID', JSON.stringify(key))
        assert.equal(await codeOfRejection(store.delete(key)), 'REQUEST_INVALID', JSON.stringify(key))
        assert.equal(await codeOfRejection(store.locate(key, 1_000)), 'REQUEST_INVALID', JSON.stringify(key))
      }
    })

    test(`${name}: a key may begin with another key`, { skip: !supports.keyBelowKey }, async () => {
      await store.put('contract/below', bytesOf('above'))
      await store.put('contract/below/key', bytesOf('below'))
      assert.equal(await textOf(store, 'contract/below'), 'above')
      assert.equal(await textOf(store, 'contract/below/key'), 'below')
      assert.deepEqual(await keysOf(store, 'contract/below'), ['contract/below', 'contract/below/key'])
    })

    test(`${name}: a body may be left half read`, async () => {
      const { body } = await store.get('contract/big')
      for await (const chunk of body) {
        assert.ok(chunk.byteLength > 0)
        break
      }
      assert.deepEqual(await store.head('contract/big'), { bytes: supports.streamBytes })
    })
  })
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** `bytes` of numbers that never repeat at a part's distance; the first byte is `seed`. */
async function* chunks(bytes: number, chunkBytes: number, each?: (chunk: Uint8Array) => void, seed = 0): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes; start += chunkBytes) {
    const chunk = new Uint8Array(Math.min(chunkBytes, bytes - start)).fill((start / chunkBytes + seed) % 251)
    each?.(chunk)
    yield chunk
  }
}

async function gather(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts).toString()
}

async function textOf(store: ObjectStore, key: string): Promise<string> {
  const { bytes, body } = await store.get(key)
  const text = await gather(body)
  assert.equal(Buffer.byteLength(text), bytes)
  return text
}

async function keysOf(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix, after)) keys.push(key)
  return keys
}

async function codeOfRejection(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'no error',
    (error: unknown) => codeOf(error),
  )
}
