import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { codeOf } from '../domain/errors.ts'
import { fingerprintDistanceMax, fingerprintQualityMin, hammingDistance } from '../domain/fingerprint.ts'
import { limits } from '../domain/limits.ts'
import { planImage } from '../domain/plan-image.ts'
import { standard } from '../domain/presets/standard.ts'
import { createDeveloper } from '../media/image/develop.ts'
import { examine } from '../media/image/examine.ts'
import { filesBelow } from './images/files.ts'
import type { Bench } from './types.ts'

/** What becomes of a picture that is passed on: smaller, encoded anew, retouched a little. */
const copies: Readonly<Record<string, (picture: Sharp) => Sharp>> = {
  'half as large': (picture) => picture.resize({ width: 720 }).jpeg({ quality: 90 }),
  'a sixth as large': (picture) => picture.resize({ width: 240 }).jpeg({ quality: 80 }),
  'JPEG at quality 30': (picture) => picture.jpeg({ quality: 30 }),
  WebP: (picture) => picture.webp({ quality: 50 }),
  AVIF: (picture) => picture.avif({ quality: 40, effort: 2 }),
  brighter: (picture) => picture.modulate({ brightness: 1.15 }).jpeg(),
  greyscale: (picture) => picture.greyscale().jpeg(),
  'more contrast': (picture) => picture.linear(1.15, -15).jpeg(),
  blurred: (picture) => picture.blur(2).jpeg(),
  sharpened: (picture) => picture.sharpen({ sigma: 1.5 }).jpeg(),
  'a filter of ours': (picture) => picture.jpeg({ quality: 85 }),
}

/** Copies of photos are found by their fingerprint, other photos are not. */
export const bench: Bench = {
  name: 'fingerprints',
  claim:
    'Copies that were resized, encoded anew or retouched a little have a fingerprint that is found; other photos have not. Takes a folder of photos.',
  goal: `every copy within ${fingerprintDistanceMax} of 256 bits, no other photo`,
  async run({ args, say }) {
    const develop = createDeveloper(limits)
    const seen = async (bytes: Uint8Array, filter: string | null = null) => {
      const plan = planImage(
        examine(bytes, limits).probe,
        { ...standard, image: { ...standard.image, widths: [1440] } },
        { filter, version: 1 },
      )
      const { fingerprint, files } = await develop(bytes, plan, () => undefined)
      return { fingerprint, file: files[0] ?? new Uint8Array() }
    }
    const photos: { readonly name: string; readonly hash: string }[] = []
    let [farthest, misses, tried] = [0, 0, 0]
    for (const path of await filesBelow(args[0])) {
      const bytes = await readFile(path)
      const original = await seen(bytes).catch((error: unknown) => say(`${basename(path)} is left out: ${codeOf(error)}`))
      if (!original) continue
      const { hash, quality } = original.fingerprint
      if (quality < fingerprintQualityMin) {
        say(`${basename(path)} is left out: its quality is ${quality}`)
        continue
      }
      photos.push({ name: basename(path), hash })
      for (const [what, change] of Object.entries(copies)) {
        const from = what === 'a filter of ours' ? (await seen(bytes, 'clarendon')).file : original.file
        const copy = await seen(await change(sharp(from)).toBuffer())
        const distance = hammingDistance(copy.fingerprint.hash, hash)
        tried += 1
        farthest = Math.max(farthest, distance)
        if (distance <= fingerprintDistanceMax) continue
        misses += 1
        say(`${basename(path)}, ${what}: ${distance} bits`)
      }
    }
    const pairs = photos.flatMap((one, at) =>
      photos.slice(at + 1).map((other) => ({ one, other, distance: hammingDistance(one.hash, other.hash) })),
    )
    const nearest = pairs.reduce((least, pair) => (pair.distance < least.distance ? pair : least), {
      distance: 256,
      one: { name: '' },
      other: { name: '' },
    })
    say(`nearest of ${pairs.length} pairs of photos: ${nearest.one.name} and ${nearest.other.name}, ${nearest.distance} bits`)
    return {
      name: 'fingerprints',
      value: farthest,
      unit: `bits of 256 to the farthest of ${tried} copies of ${photos.length} photos; ${misses} missed`,
      goal: `<= ${fingerprintDistanceMax}`,
      peer: `the nearest two different photos: ${nearest.distance} bits`,
      holds: tried > 0 && misses === 0 && nearest.distance > fingerprintDistanceMax,
    }
  },
}
