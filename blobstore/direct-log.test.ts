import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSystemDisk } from './system-disk.ts'

/** Of what is appended in one call: a few short ones, and longer ones that go past the page cache. */
const length = fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 120_000, max: 300_000 }), fc.constantFrom(131_072, 4_194_304))
const append = fc.record({ length, ahead: fc.double({ min: 0, max: 1, noNaN: true }), isCutBefore: fc.boolean() })

function bytesOf(length: number, turn: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => 1 + ((at * 7 + turn * 31) % 255))
}

test('system disk: what is appended past the page cache and through it, told of early or not, lies in the file as it was asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-append-'))
  const disk = createSystemDisk({ directReads: false })
  try {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 5_000 }), fc.array(append, { minLength: 1, maxLength: 6 }), async (head, appends) => {
        const path = join(folder, '1.volume')
        let expected: Uint8Array = bytesOf(head, 99)
        // Zeros lie ahead, as they do of a volume.
        await writeFile(path, Buffer.concat([expected, new Uint8Array(20_000)]))
        const file = await disk.openWrite(path, { appends: true })
        for (const [turn, { length, ahead, isCutBefore }] of appends.entries()) {
          if (isCutBefore) await file.cut(expected.byteLength)
          const bytes = bytesOf(length, turn)
          const early = Math.floor(length * ahead)
          if (early > 0) file.writeAhead(expected.byteLength, bytes.subarray(0, early))
          await file.write(expected.byteLength + early, bytes.subarray(early))
          expected = Buffer.concat([expected, bytes])
          const found = await readFile(path)
          assert.equal(Buffer.compare(found.subarray(0, expected.byteLength), expected), 0, `append ${turn}`)
          assert.ok(
            found.subarray(expected.byteLength).every((byte) => byte === 0),
            `zeros after append ${turn}`,
          )
        }
        await file.close()
      }),
      { numRuns: 10 },
    )
  } finally {
    await disk.close()
    await rm(folder, { recursive: true, force: true })
  }
})

test('system disk: bytes told of early that never came to a write are dropped by one before them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-append-'))
  const disk = createSystemDisk({ directReads: false })
  try {
    const path = join(folder, '1.volume')
    await writeFile(path, bytesOf(100, 0))
    const file = await disk.openWrite(path, { appends: true })
    file.writeAhead(100, bytesOf(50_000, 1))
    await file.write(100, bytesOf(72, 2))
    await file.write(172, bytesOf(200_000, 3))
    await file.close()
    const found = await readFile(path)
    const expected = Buffer.concat([bytesOf(100, 0), bytesOf(72, 2), bytesOf(200_000, 3)])
    assert.equal(Buffer.compare(found.subarray(0, expected.byteLength), expected), 0)
  } finally {
    await disk.close()
    await rm(folder, { recursive: true, force: true })
  }
})
