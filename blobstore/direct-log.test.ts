import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { WriteFile } from './disk.ts'
import { createSystemDisk } from './system-disk.ts'

/** Of what is appended in one call: a few short ones, and longer ones that go past the page cache. */
const length = fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 120_000, max: 300_000 }), fc.constantFrom(131_072, 4_194_304))
/** Put together in the disk's memory or elsewhere, and in the former as far into a page as it will lie of the file, or not. */
const memory = fc.constantFrom('own', 'in pages', 'astray')
const append = fc.record({ length, memory, isCutBefore: fc.boolean() })

function bytesOf(length: number, turn: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => 1 + ((at * 7 + turn * 31) % 255))
}

/** In the disk's memory, as far into a page as `offset` is, with other bytes around it. */
function putIn(file: WriteFile, bytes: Uint8Array, offset: number): Uint8Array {
  const memory = file.memory?.(bytes.byteLength + 2 * 4096, bytes.byteLength % 2 === 0 ? 'once' : 'again')
  assert.ok(memory)
  memory.fill(77)
  const lead = offset % 4096
  memory.set(bytes, lead)
  return memory.subarray(lead, lead + bytes.byteLength)
}

test('system disk: what is appended past the page cache and through it, from whatever memory, lies in the file as it was asked', async () => {
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
        for (const [turn, { length, memory, isCutBefore }] of appends.entries()) {
          if (isCutBefore) await file.cut(expected.byteLength)
          const bytes = bytesOf(length, turn)
          await file.write(
            expected.byteLength,
            memory === 'own' ? bytes : putIn(file, bytes, expected.byteLength + (memory === 'astray' ? 8 : 0)),
          )
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
