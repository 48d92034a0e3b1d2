import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mediaIdOf } from '../domain/ids.ts'
import { mediaTypes } from '../domain/media.ts'
import { type FileParts, formatFilePath, itemTag, parseFilePath, siblingReference, typeOfName, versionTag } from './url.ts'

const hex = fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: 16, maxLength: 16 }).map((digits) => digits.join(''))
const word = fc.array(fc.constantFrom(...'abcxyz0189'), { minLength: 1, maxLength: 8 }).map((letters) => letters.join(''))
const name = fc
  .tuple(word, fc.array(fc.tuple(fc.constantFrom('.', '-', '_'), word), { maxLength: 3 }), fc.constantFrom(...Object.keys(mediaTypes)))
  .map(([first, rest, extension]) => `${first}${rest.map((pair) => pair.join('')).join('')}.${extension}`)
const plain = { noNullPrototype: true }
const anyParts: fc.Arbitrary<FileParts> = fc.record(
  {
    id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(mediaIdOf),
    version: fc.integer({ min: 1, max: 255 }),
    locator: fc.record({ volume: fc.maxSafeNat(), alt: fc.integer({ min: 0, max: 0xffff_ffff }), cookie: hex }, plain),
    name,
  },
  plain,
)

const example: FileParts = {
  id: mediaIdOf(123_456_789_012_345n),
  version: 1,
  locator: { volume: 77, alt: 0x100_0002, cookie: '0123456789abcdef' },
  name: 'w1080.jpg',
}

test('url: parsing what was formatted gives the parts back', () => {
  fc.assert(fc.property(anyParts, (parts) => assert.deepEqual(parseFilePath(formatFilePath(parts)), parts)))
})

test('url: one example stays as it is, since addresses live for ever', () => {
  assert.equal(formatFilePath(example), '/m/0003g9230vqvs.1/2d.g0002.0123456789abcdef/w1080.jpg')
})

test('url: a path that parses is the only one for its parts', () => {
  const characters = fc.array(fc.constantFrom(...'/m.0123456789abcdefghjkVvzilou-_%?jpg'), { maxLength: 4 }).map((list) => list.join(''))
  fc.assert(
    fc.property(anyParts, fc.nat(), fc.nat({ max: 3 }), characters, (parts, at, dropped, inserted) => {
      const path = formatFilePath(parts)
      const place = at % path.length
      const changed = path.slice(0, place) + inserted + path.slice(place + dropped)
      const parsed = parseFilePath(changed)
      if (parsed !== null) assert.equal(formatFilePath(parsed), changed)
    }),
  )
})

test('url: paths that are almost addresses are refused', () => {
  const path = formatFilePath(example)
  for (const wrong of [
    path.replace('.1/', '.01/'),
    path.replace('.1/', '.0/'),
    path.replace('.1/', '.256/'),
    path.replace('/2d.', '/02d.'),
    path.replace('/2d.', '/2D.'),
    path.replace('g0002', 'zzzzzzz'),
    path.replace('0123456789abcdef', '0123456789ABCDEF'),
    path.replace('0123456789abcdef', '0123456789abcde'),
    path.replace('/m/0003g', '/m/z003g'),
    path.replace('/m/0003g', '/m/000ig'),
    path.replace('w1080.jpg', 'w1080.html'),
    path.replace('w1080.jpg', 'w1080.svg'),
    path.replace('w1080.jpg', 'w1080.constructor'),
    path.replace('w1080.jpg', '.jpg'),
    path.replace('w1080.jpg', 'a..jpg'),
    path.replace('w1080.jpg', 'W1080.jpg'),
    path.replace('w1080.jpg', '%77.jpg'),
    path.replace('w1080.jpg', `${'w'.repeat(61)}.jpg`),
    path.replace('/m/', '/a/'),
    path.replace('/m/', '//m/'),
    `${path}/`,
    `${path}?a=1`,
    `${path}\n`,
    path.slice(1),
    '',
  ]) {
    assert.equal(parseFilePath(wrong), null, wrong)
  }
})

test('url: parts that no address can carry are a mistake of ours', () => {
  assert.throws(() => formatFilePath({ ...example, name: '../x.jpg' }), /no address can carry/)
  assert.throws(() => formatFilePath({ ...example, version: 0 }), /no address can carry/)
})

test('url: the name alone decides the type, and only known types have a name', () => {
  for (const [extension, type] of Object.entries(mediaTypes)) assert.equal(typeOfName(`a.${extension}`), type)
  for (const wrong of ['a.html', 'a.svg', 'a.js', 'jpg', 'a.jpg.exe', 'toString', 'a.__proto__']) assert.equal(typeOfName(wrong), null)
})

test("url: a sibling reference resolves to the file's own address", () => {
  fc.assert(
    fc.property(anyParts, anyParts, (from, to) => {
      const target = { ...to, id: from.id, version: from.version }
      const base = new URL(formatFilePath(from), 'https://media.example')
      assert.equal(new URL(siblingReference(target), base).pathname, formatFilePath(target))
    }),
  )
})

test('url: tags are legal with every provider', () => {
  fc.assert(
    fc.property(anyParts, ({ id, version }) => {
      assert.match(itemTag(id), /^[a-z0-9-]{1,128}$/)
      assert.match(versionTag(id, version), /^[a-z0-9-]{1,128}$/)
    }),
  )
})
