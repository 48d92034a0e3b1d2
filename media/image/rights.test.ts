import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { credited } from '../../domain/presets/credited.ts'
import { full } from '../../domain/presets/full.ts'
import { standard } from '../../domain/presets/standard.ts'
import { rightsOf } from '../metadata/rights.ts'
import { createDeveloper } from './develop.ts'
import { displayP3 } from './display-p3.ts'
import { examine } from './examine.ts'
import { iccSegment, jpegSegment, pngChunk, withChunks, withSegments } from './specimens.ts'

const develop = createDeveloper(limits)
const preset = { ...credited, image: { ...credited.image, formats: full.image.formats } }
const secrets = ['Secret-camera', 'Secret-lens', 'Secret-place']
const plain = () => sharp({ create: { width: 40, height: 30, channels: 3, background: '#6a8' } })
const photo = async () =>
  await plain()
    .withExif({
      IFD0: { Model: 'Secret-camera', Artist: 'Ansel Beispiel', Copyright: '(C) 2025 Ansel Beispiel' },
      IFD2: { LensModel: 'Secret-lens' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '1/1 2/1 3/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '4/1 5/1 6/1',
        GPSAreaInformation: 'Secret-place',
      },
    })
    .jpeg()
    .toBuffer()
const iptc = (...records: readonly (readonly [number, string])[]) => {
  const block = Buffer.concat(
    records.map(([id, text]) => Buffer.concat([Buffer.from([0x1c, 2, id, 0, Buffer.byteLength(text)]), Buffer.from(text)])),
  )
  const size = Buffer.alloc(4)
  size.writeUInt32BE(block.length)
  return jpegSegment(0xed, 'Photoshop 3.0\0', '8BIM\x04\x04\0\0', size, block, Buffer.alloc(block.length & 1))
}
const xmp =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:creator><rdf:Seq><rdf:li>Eve &amp; Sons</rdf:li></rdf:Seq></dc:creator><dc:rights><rdf:Alt><rdf:li xml:lang="x-default">&#169; Eve</rdf:li></rdf:Alt></dc:rights></x:xmpmeta>'

async function developed(bytes: Uint8Array, kept: typeof standard = preset) {
  const plan = planImage(examine(bytes, limits).probe, kept, { filter: null, version: 1 })
  return await develop(bytes, plan, () => undefined)
}
const writtenIn = (file: Uint8Array) => {
  assert.equal(examine(file, limits).exif, null)
  const { creator, copyright } = rightsOf(file, {})
  return [creator, copyright]
}

test('rights: where the preset keeps them every rendition says who made the picture and whose it is, and nothing else', async () => {
  const { files, facts } = await developed(await photo())
  assert.deepEqual([facts.creator, facts.copyright], ['Ansel Beispiel', '(C) 2025 Ansel Beispiel'])
  assert.equal(files.length, 3)
  for (const file of files) {
    assert.deepEqual(writtenIn(file), ['Ansel Beispiel', '(C) 2025 Ansel Beispiel'])
    for (const secret of secrets) assert.ok(!Buffer.from(file).includes(secret), secret)
  }
})

test('rights: other presets write none, though the owner is told', async () => {
  const { files, facts } = await developed(await photo(), full)
  assert.equal(facts.creator, 'Ansel Beispiel')
  for (const file of files) assert.ok(!Buffer.from(file).includes('Beispiel') && examine(file, limits).exif === null)
})

test('rights: EXIF goes before IPTC, and IPTC before XMP, in whatever container', async () => {
  const clean = await plain().jpeg().toBuffer()
  const xmpSegment = jpegSegment(0xe1, 'http://ns.adobe.com/xap/1.0/\0', xmp)
  const named = iptc([80, 'Łódź Wire <Agency>'], [116, 'All rights Wire'])
  const png = await plain().png().toBuffer()
  const text = pngChunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${xmp}`))
  for (const [bytes, expected] of [
    [withSegments(clean, named, xmpSegment), ['Łódź Wire <Agency>', 'All rights Wire']],
    [withSegments(clean, iptc([80, 'Wire Agency']), xmpSegment), ['Wire Agency', '© Eve']],
    [withSegments(await photo(), named), ['Ansel Beispiel', '(C) 2025 Ansel Beispiel']],
    [withSegments(clean, xmpSegment), ['Eve & Sons', '© Eve']],
    [withChunks(png, text), ['Eve & Sons', '© Eve']],
    [await plain().withXmp(xmp).png().toBuffer(), ['Eve & Sons', '© Eve']],
    [await plain().withXmp(xmp).avif().toBuffer(), ['Eve & Sons', '© Eve']],
    [await plain().withXmp(xmp).webp().toBuffer(), ['Eve & Sons', '© Eve']],
    [clean, [undefined, undefined]],
  ] as const)
    for (const file of (await developed(bytes)).files) assert.deepEqual(writtenIn(file), expected)
})

test('rights: a picture of wide colours says both, in every format', async () => {
  const green = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#0f0' } })
    .jpeg()
    .toBuffer()
  const wide = withSegments(green, iccSegment(displayP3()))
  for (const file of (await developed(withSegments(wide, iptc([80, 'Wire Agency'])))).files) {
    assert.deepEqual(writtenIn(file), ['Wire Agency', undefined])
    const { width, height, hasProfile } = await sharp(file).metadata()
    assert.deepEqual([width, height, hasProfile], [40, 30, true])
    await sharp(file).raw().toBuffer()
  }
})

test('rights: damaged records say nothing and fail nothing', async () => {
  const clean = await plain().jpeg().toBuffer()
  const whole = iptc([80, 'Wire Agency'], [116, 'All rights Wire'])
  for (let cut = 14; cut < whole.length; cut += 3) {
    const segment = jpegSegment(0xed, whole.subarray(4, cut))
    assert.equal(
      (await developed(withSegments(clean, segment), { ...preset, image: { ...preset.image, formats: standard.image.formats } })).files
        .length,
      2,
    )
  }
})

const { exiftool } = JSON.parse(process.env['DARKROOM_TOOLS'] ?? '{}') as { readonly exiftool?: string }

test('rights: exiftool finds them, and no other words of the source', {
  skip: exiftool === undefined && 'there is no exiftool',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rights-'))
  try {
    for (const [index, file] of (await developed(await photo())).files.entries()) {
      const path = join(folder, `rendition-${index}`)
      writeFileSync(path, file)
      const found = execFileSync(
        exiftool ?? '',
        ['-G1', '-s', '-a', '-u', '-IFD0:all', '-ExifIFD:all', '-GPS:all', '-XMP:all', '-IPTC:all', path],
        { encoding: 'utf8' },
      )
      assert.match(found, /XMP-dc\] +Creator +: Ansel Beispiel/)
      assert.match(found, /XMP-dc\] +Rights +: \(C\) 2025 Ansel Beispiel/)
      assert.deepEqual(
        found
          .trim()
          .split('\n')
          .filter((line) => !/XMP-(dc|x)\]/.test(line)),
        [],
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
