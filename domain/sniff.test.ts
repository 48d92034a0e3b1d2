import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from './errors.ts'
import { admitType, agrees, kindOf, sniff } from './sniff.ts'

const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const join = (...parts: (readonly number[] | Uint8Array | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...latin(part)] : [...part])))
const box = (name: string, ...parts: Parameters<typeof join>) => {
  const body = join(...parts)
  const size = body.length + 8
  return join([size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255], name, body)
}
const ftyp = (major: string, ...compatible: string[]) => box('ftyp', major, [0, 0, 2, 0], ...compatible)
const refused = (head: Uint8Array) => {
  const sniffed = sniff(head)
  assert.ok(typeof sniffed !== 'string', `taken for ${JSON.stringify(sniffed)}`)
  return sniffed.refused
}

test('sniff: the accepted types are told by their leading bytes', () => {
  assert.equal(sniff(join([0xff, 0xd8, 0xff, 0xe0])), 'image/jpeg')
  assert.equal(sniff(join([0x89], 'PNG\r\n', [0x1a, 0x0a])), 'image/png')
  assert.equal(sniff(join('RIFF', [9, 9, 9, 9], 'WEBPVP8 ')), 'image/webp')
})

test('sniff: HEIC and AVIF are told by their brands', () => {
  for (const head of [ftyp('heic', 'mif1'), ftyp('mif1', 'heic'), ftyp('heix'), ftyp('msf1', 'hevc')])
    assert.equal(sniff(head), 'image/heic')
  for (const head of [ftyp('avif'), ftyp('mif1', 'avif', 'miaf'), ftyp('avis', 'msf1')]) assert.equal(sniff(head), 'image/avif')
  assert.ok(agrees('image/heif', 'image/heic'))
  assert.ok(!agrees('image/heic', 'image/avif'))
})

test('sniff: MP4 and MOV are told by their brands', () => {
  for (const brand of ['isom', 'iso5', 'mp41', 'mp42', 'avc1', 'M4V ', 'MSNV', 'dash']) assert.equal(sniff(ftyp(brand)), 'video/mp4', brand)
  assert.equal(sniff(ftyp('qt  ')), 'video/quicktime')
  for (const brand of ['3gp4', '3gp5', '3g2a', '3ge6']) assert.equal(sniff(ftyp(brand)), 'video/3gpp', brand)
  assert.equal(sniff(ftyp('zzzz', 'yyyy', 'mp42')), 'video/mp4', 'the first known compatible brand')
  assert.equal(refused(ftyp('zzzz')), 'an ISO media file of an unknown brand')
})

const ebml = [0x1a, 0x45, 0xdf, 0xa3, 0x9f, 0x42, 0x86, 0x81, 1]

test('sniff: WebM, Matroska and transport streams are told by document type and sync bytes', () => {
  assert.equal(sniff(join(ebml, 'B\x82\x84webm')), 'video/webm')
  assert.equal(sniff(join(ebml, 'B\x82\x88matroska')), 'video/x-matroska')
  assert.equal(sniff(join(ebml, 'B\x82\x86webm', [0, 0])), 'video/webm', 'padded with zeros')
  assert.equal(sniff(Uint8Array.from({ length: 600 }, (_, index) => (index % 188 === 0 ? 0x47 : 0))), 'video/mp2t')
  assert.equal(sniff(Uint8Array.from({ length: 600 }, (_, index) => (index % 192 === 4 ? 0x47 : 0))), 'video/mp2t')
})

test('sniff: QuickTime movies without ftyp are told by their first box, padding before it is skipped', () => {
  for (const name of ['moov', 'mdat', 'wide']) assert.equal(sniff(box(name, [0, 0, 0, 0])), 'video/quicktime', name)
  assert.equal(sniff(join(box('wide'), box('mdat', [1, 2, 3]))), 'video/quicktime')
  assert.equal(sniff(join(box('free', [1, 2, 3]), ftyp('mp42'))), 'video/mp4')
  assert.equal(sniff(join([0, 0, 0, 1], 'mdat', [0, 0, 0, 1, 0, 0, 0, 0])), 'video/quicktime', '64-bit size')
})

test('sniff: what is not accepted is refused by its name', () => {
  const named: [Uint8Array, string][] = [
    [new Uint8Array(), 'an empty file'],
    [latin('GIF88a'), 'a GIF of an unknown version'],
    [ftyp('crx '), 'a camera raw image'],
    [ftyp('M4A '), 'an MPEG-4 audio file'],
    [join('II*', [0, 8, 0, 0, 0]), 'a TIFF or camera raw image'],
    [join('II*', [0, 16, 0, 0, 0], 'CR'), 'a camera raw image'],
    [join('MM', [0], '*'), 'a TIFF or camera raw image'],
    [latin('BM....'), 'a BMP image'],
    [join([0xff, 0x0a]), 'a JPEG XL image'],
    [box('JXL ', [0x0d, 0x0a, 0x87, 0x0a]), 'a JPEG XL image'],
    [latin('%PDF-1.7'), 'a PDF document'],
    [join(ebml, 'B\x82\x85other'), 'an EBML document of an unknown type'],
    [join(ebml, 'B\x82'), 'an EBML document of an unknown type'],
    [Uint8Array.from({ length: 300 }, (_, index) => (index % 188 === 0 ? 0x47 : 0)), 'a file of an unknown type'],
    [latin('\xef\xbb\xbf  <?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg">'), 'an SVG drawing'],
    [latin('<s:svg xmlns:s="http://www.w3.org/2000/svg">'), 'an SVG drawing'],
    [latin('<?xml version="1.0"?><feed/>'), 'an XML or HTML document'],
    [latin('\n<!DOCTYPE html><p>'), 'an HTML page'],
    [join([0xff, 0xfe], ...[...'<svg >'].map((character) => [character.charCodeAt(0), 0])), 'an SVG drawing'],
    [join('PK', [3, 4]), 'a ZIP archive'],
    [box('styp', 'msdh', [0, 0, 0, 0]), 'a fragment of an MP4 without its header'],
    [latin('hello there'), 'a file of an unknown type'],
    [latin('RIFF....AVI '), 'an AVI video'],
  ]
  for (const [head, name] of named) assert.equal(refused(head), name)
})

test('sniff: a polyglot is what its leading bytes say', () => {
  assert.equal(sniff(join([0xff, 0xd8, 0xff, 0xfe, 0, 9], '<svg onload=alert(1)>', 'PK', [3, 4])), 'image/jpeg')
  assert.equal(refused(join('<svg>', [0xff, 0xd8, 0xff])), 'an SVG drawing')
})

test('sniff: any head of any length gets an answer', () => {
  let seed = 1
  for (let round = 0; round < 2_000; round++) {
    const head = Uint8Array.from({ length: round % 64 }, () => (seed = (seed * 48_271) % 2_147_483_647) & 255)
    const sniffed = sniff(head)
    assert.ok(typeof sniffed === 'string' || sniffed.refused.length > 0)
  }
  for (const name of ['free', 'wide', 'ftyp', 'moov']) assert.ok(sniff(latin(`\0\0\0\0${name}`)))
})

test('sniff: what a client declares must agree, where it says anything', () => {
  for (const declared of [
    null,
    '',
    'application/octet-stream',
    'application/x-www-form-urlencoded',
    'image/jpeg',
    'image/jpg',
    'IMAGE/JPEG; q=1',
  ])
    assert.ok(agrees(declared, 'image/jpeg'), String(declared))
  assert.ok(agrees('video/quicktime', 'video/mp4'))
  assert.ok(agrees('video/mp4', 'video/quicktime'))
  assert.ok(agrees('video/3gpp2', 'video/3gpp') && agrees('video/mp4', 'video/3gpp'))
  assert.ok(agrees('video/x-matroska', 'video/webm') && agrees('video/webm;codecs=vp9,opus', 'video/webm'))
  assert.ok(!agrees('video/webm', 'video/mp4') && !agrees('video/mp4', 'video/mp2t'))
  for (const declared of ['image/png', 'video/mp4', 'text/html', 'nonsense']) assert.ok(!agrees(declared, 'image/jpeg'), declared)
})

test('sniff: admitType throws the code that tells what to do', () => {
  const jpeg = join([0xff, 0xd8, 0xff, 0xe0])
  assert.equal(admitType(jpeg, null), 'image/jpeg')
  assert.throws(
    () => admitType(jpeg, 'image/png'),
    (error) => codeOf(error) === 'MEDIA_TYPE_MISMATCH',
  )
  assert.throws(
    () => admitType(latin('8BPS'), null),
    (error) => codeOf(error) === 'MEDIA_TYPE_UNSUPPORTED' && /a Photoshop document/.test(String(error)),
  )
  assert.equal(kindOf('image/webp'), 'image')
  assert.equal(kindOf('video/quicktime'), 'video')
})
