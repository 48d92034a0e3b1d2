import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { standard } from '../../domain/presets/standard.ts'
import { sniff } from '../../domain/sniff.ts'
import { makeSamplePhoto, samplePhotoFacts, samplePhotoSecrets } from '../sample/photo.ts'
import { iccChunk, iccSegment, jpegSegment, matrixProfile, pngChunk, withChunks, withSegments } from './specimens.ts'
import { createImageStudio } from './studio.ts'

const studio = createImageStudio({ slots: 1, limits })
after(async () => await studio.close())

const canary = (place: string) => `Canary-${place}-8b1f`
const exif = {
  IFD0: { Make: canary('make'), Model: canary('model'), Artist: canary('artist'), ImageDescription: canary('description') },
  IFD2: { DateTimeOriginal: '2021:02:03 04:05:06', LensModel: canary('lens') },
  IFD3: {
    GPSLatitudeRef: 'N',
    GPSLatitude: '1/1 2/1 3/1',
    GPSLongitudeRef: 'E',
    GPSLongitude: '4/1 5/1 6/1',
    GPSMapDatum: canary('gps'),
  },
}
const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="${canary('xmp')}"/></rdf:RDF></x:xmpmeta>`
const profile = matrixProfile(
  [
    [0.4361, 0.2225, 0.0139],
    [0.3851, 0.7169, 0.0971],
    [0.1431, 0.0606, 0.7141],
  ],
  2.2,
  canary('icc'),
)
const iptc = Buffer.concat([Buffer.from([0x1c, 2, 80, 0, canary('iptc').length]), Buffer.from(canary('iptc'))])
const photoshop = Buffer.concat([
  Buffer.from('Photoshop 3.0\x008BIM\x04\x04\0\0\0\0', 'latin1'),
  Buffer.from([0, iptc.length]),
  iptc,
  Buffer.alloc(iptc.length % 2),
])

/** Names of metadata containers: none belongs into a rendition, whatever it holds. */
const containers = [
  'Exif',
  'EXIF',
  'eXIf',
  'xmpmeta',
  'XMP ',
  'http://ns.adobe.com',
  'Photoshop',
  '8BIM',
  'ICC_PROFILE',
  'ICCP',
  'MPF\0',
  'Canary',
  '8b1f',
]

async function renditionsOf(bytes: Uint8Array) {
  const type = sniff(bytes)
  assert.ok(typeof type === 'string')
  return await studio.develop(bytes, planImage(await studio.probe(bytes, type), standard, { filter: null, version: 1 }), {})
}
function assertBare(files: readonly { readonly name: string; readonly data: Uint8Array }[], words: readonly string[]): void {
  assert.ok(files.length > 0)
  for (const { name, data } of files)
    for (const word of words)
      for (const encoding of ['latin1', 'utf16le'] as const)
        assert.equal(Buffer.from(data).indexOf(Buffer.from(word, encoding)), -1, `${name} holds ${word} in ${encoding}`)
}
function assertPlanted(bytes: Uint8Array, ...places: string[]): void {
  for (const place of places) assert.ok(Buffer.from(bytes).includes(canary(place)), `no canary in ${place}`)
}
const base = () =>
  sharp({ create: { width: 400, height: 300, channels: 3, background: '#6a8' } })
    .withExif(exif)
    .withXmp(xmp)

test('stripping: no rendition of a JPEG holds a byte of its metadata', async () => {
  const jpeg = withSegments(
    await base().jpeg().toBuffer(),
    iccSegment(profile),
    jpegSegment(0xed, photoshop),
    jpegSegment(0xfe, canary('comment')),
    jpegSegment(0xe2, 'MPF\0', canary('mpf')),
    jpegSegment(0xef, canary('app15')),
  )
  const whole = Buffer.concat([jpeg, Buffer.from(canary('trailer'))])
  assertPlanted(whole, 'make', 'gps', 'lens', 'xmp', 'icc', 'iptc', 'comment', 'mpf', 'app15', 'trailer')
  const { files, facts } = await renditionsOf(whole)
  assertBare(files, containers)
  assert.deepEqual([facts.camera, facts.takenAt], [`${canary('make')} ${canary('model')}`, '2021-02-03T04:05:06'])
  assert.ok(facts.latitude !== undefined && Math.abs(facts.latitude - 1.034167) < 1e-5)
})

test('stripping: no rendition of a PNG or a WebP holds a byte of its metadata', async () => {
  const text = (keyword: string, value: string) => Buffer.from(`${keyword}\0${value}`, 'latin1')
  const png = withChunks(
    await base().png().toBuffer(),
    iccChunk(profile),
    pngChunk('tEXt', text('Comment', canary('text'))),
    pngChunk('zTXt', Buffer.concat([Buffer.from('Author\0\0', 'latin1'), deflateSync(canary('ztxt'))])),
    pngChunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${canary('itxt')}`, 'latin1')),
    pngChunk('prVt', Buffer.from(canary('private'))),
  )
  assertPlanted(png, 'make', 'gps', 'text', 'itxt', 'private')
  const webp = await base().webp().toBuffer()
  assertPlanted(webp, 'make', 'gps', 'xmp')
  for (const bytes of [png, webp]) {
    const { files, facts } = await renditionsOf(bytes)
    assertBare(files, containers)
    assert.equal(facts.camera, `${canary('make')} ${canary('model')}`)
  }
})

test('stripping: of the sample photo only its picture goes out', async () => {
  const photo = await makeSamplePhoto()
  for (const secret of samplePhotoSecrets) assert.ok(Buffer.from(photo).includes(secret), `the sample does not hold ${secret}`)
  const { files, facts } = await renditionsOf(photo)
  assertBare(files, [...containers, ...samplePhotoSecrets])
  assert.deepEqual([files[0]?.width, files[0]?.height], [1440, 2160], 'upright')
  assert.equal(facts.takenAt, samplePhotoFacts.takenAt)
  assert.equal(facts.orientation, 6)
  assert.ok(
    Math.abs((facts.latitude ?? 0) - samplePhotoFacts.latitude) < 1e-4 &&
      Math.abs((facts.longitude ?? 0) - samplePhotoFacts.longitude) < 1e-4,
  )
})

test('stripping: damaged EXIF fails nothing', async () => {
  const clean = await sharp({ create: { width: 20, height: 20, channels: 3, background: '#6a8' } })
    .jpeg()
    .toBuffer()
  const blocks = [
    Buffer.alloc(0),
    Buffer.from('II*\0\xff\xff\xff\xff', 'latin1'),
    Buffer.from('MM\0*\0\0\0\x08\xff\xff', 'latin1'),
    Buffer.alloc(60_000, 0xff),
    Buffer.concat([Buffer.from('II*\0\x08\0\0\0\xff\xff', 'latin1'), Buffer.alloc(60_000, 1)]),
  ]
  for (const block of blocks) assert.equal((await renditionsOf(withSegments(clean, jpegSegment(0xe1, 'Exif\0\0', block)))).files.length, 2)
})

test('stripping: the mark of AI is told as a fact, in XMP and in C2PA, and leaves no byte behind', async () => {
  const marked = (kind: string) =>
    `<x:xmpmeta xmlns:x="adobe:ns:meta/" DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/${kind}"/>`
  const clean = await sharp({ create: { width: 20, height: 20, channels: 3, background: '#6a8' } })
    .jpeg()
    .toBuffer()
  const jumbf = jpegSegment(0xeb, 'JP\0\x01\0\0\0\x01', marked('compositeWithTrainedAlgorithmicMedia'))
  const named = sharp({ create: { width: 20, height: 20, channels: 3, background: '#6a8' } }).withXmp(marked('trainedAlgorithmicMedia'))
  for (const [bytes, expected] of [
    [withSegments(clean, jpegSegment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', marked('trainedAlgorithmicMedia'))), true],
    [await named.clone().webp().toBuffer(), true],
    [await named.clone().png().toBuffer(), true],
    [await named.clone().avif().toBuffer(), true],
    [withSegments(clean, jumbf), true],
    [withSegments(clean, jpegSegment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', marked('digitalCapture'))), undefined],
    [clean, undefined],
  ] as const) {
    const { files, facts } = await renditionsOf(bytes)
    assert.equal(facts.madeWithAi, expected)
    assertBare(files, ['lgorithmicMedia', 'digitalsourcetype'])
  }
})
