/**
 * A process that appends for ever and says what was acknowledged, to be killed by recovery.test.ts.
 * Arguments: folder, life (a number; keys of different lives differ).
 */
import { writeSync } from 'node:fs'
import { createFileBlobStore } from './file.ts'

export const limitsOfChild = { volumeBytesMax: 400_000, extentBytes: 128 * 1024 }

/** The data that belongs to a key: different for each, and known to both sides. */
export function dataOf(key: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => Number((key * 31n + BigInt(index) * 7n) & 255n))
}

async function submit(store: Awaited<ReturnType<typeof createFileBlobStore>>, life: number, lane: number): Promise<never> {
  for (let turn = 0; ; turn += 1) {
    const key = BigInt(life * 1_000_000 + lane * 100_000 + turn)
    const length = (turn * 613) % 9_000
    const [locator] = await store.append([{ key, alt: lane, data: dataOf(key, length) }])
    // Synchronous: what was said before the kill has left the process.
    writeSync(1, `${JSON.stringify({ key: String(key), length, locator })}\n`)
  }
}

const [folder, life] = process.argv.slice(2)
if (import.meta.main && folder !== undefined) {
  const store = await createFileBlobStore({ folder, writer: 'crash', limits: limitsOfChild })
  await Promise.all([0, 1, 2, 3].map((lane) => submit(store, Number(life), lane)))
}
