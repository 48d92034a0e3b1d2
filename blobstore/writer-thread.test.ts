import assert from 'node:assert/strict'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { MediaError } from '../domain/errors.ts'
import { alignedMemory, PAGE_BYTES } from './aligned-memory.ts'
import { WriterThread } from './writer-thread.ts'

/** So few that many writes are of the same one. */
const FILE_PAGES = 3

async function withFile(flags: number, run: (thread: WriterThread, fd: number, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-writer-'))
  const path = join(folder, 'file')
  writeFileSync(path, new Uint8Array(FILE_PAGES * PAGE_BYTES))
  const fd = openSync(path, flags)
  const thread = new WriterThread()
  try {
    await run(thread, fd, path)
  } finally {
    await thread.close()
    closeSync(fd)
    rmSync(folder, { recursive: true })
  }
}

test('writer thread: writes from shared memory, from other memory, and zeros, are done and told of in the order in which they are asked for', () =>
  withFile(constants.O_RDWR, async (thread, fd, path) => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom('shared', 'shared', 'shared', 'own', 'zero'),
        page: fc.nat({ max: FILE_PAGES - 1 }),
        value: fc.integer({ min: 1, max: 255 }),
      }),
      { minLength: 1, maxLength: 8 },
    )
    const { buffer } = alignedMemory(8 * PAGE_BYTES)
    thread.share(buffer)
    await fc.assert(
      fc.asyncProperty(steps, async (asked) => {
        const expected = Uint8Array.from(readFileSync(path))
        const told: number[] = []
        // All at once, and then all is waited for: the first ones go through the ring, until one is sent.
        const underWay = asked.map(async ({ kind, page, value }, step) => {
          const offset = page * PAGE_BYTES
          const bytes = kind === 'shared' ? new Uint8Array(buffer, step * PAGE_BYTES, PAGE_BYTES) : new Uint8Array(PAGE_BYTES)
          bytes.fill(kind === 'zero' ? 0 : value)
          expected.set(bytes, offset)
          if (kind === 'zero') await thread.run({ kind, fd, offset, length: PAGE_BYTES })
          else await thread.write({ fd, offset, bytes, isInPages: kind === 'shared' })
          told.push(step)
        })
        // The answers come while nobody looks.
        const untilMs = performance.now() + 2
        while (performance.now() < untilMs);
        await Promise.all(underWay)
        assert.deepEqual(
          told,
          asked.map((_, step) => step),
        )
        assert.equal(Buffer.compare(readFileSync(path), expected), 0)
      }),
      { numRuns: 300 },
    )
  }))

test('writer thread: a write that the system refuses is told with its error, whichever way it went', () =>
  withFile(constants.O_RDONLY, async (thread, fd) => {
    const { buffer } = alignedMemory(PAGE_BYTES)
    thread.share(buffer)
    const bytes = new Uint8Array(buffer, 0, PAGE_BYTES)
    // The first one is sent, since the memory is not known there yet; those after it go through the ring.
    for (let turn = 0; turn < 3; turn += 1) {
      await assert.rejects(
        thread.write({ fd, offset: 0, bytes, isInPages: true }),
        (error) => error instanceof MediaError && error.code === 'VOLUME_FENCED' && error.message.includes('EBADF'),
      )
    }
  }))

test('writer thread: only a name that is taken fences a volume that is to be created', () =>
  withFile(constants.O_RDWR, async (thread, _fd, path) => {
    const create = (at: string) => thread.run({ kind: 'create', path: at, head: new Uint8Array(8), bytesTotal: 8 })
    await assert.rejects(create(path), { code: 'VOLUME_FENCED' })
    await assert.rejects(create(join(path, 'is no folder')), { code: 'STORAGE_UNAVAILABLE' })
    await create(`${path}.other`)
  }))

test('writer thread: memory that was let go of, and that of a thread that was closed, is still written from', () =>
  withFile(constants.O_RDWR, async (thread, fd, path) => {
    const { buffer } = alignedMemory(3 * PAGE_BYTES)
    const write = (page: number) => {
      const bytes = new Uint8Array(buffer, page * PAGE_BYTES, PAGE_BYTES).fill(page + 7)
      return thread.write({ fd, offset: page * PAGE_BYTES, bytes, isInPages: true })
    }
    const forget = thread.share(buffer)
    await write(0)
    forget()
    forget()
    await write(1)
    const forgetAgain = thread.share(buffer)
    await thread.close()
    forgetAgain()
    await write(2)
    assert.deepEqual(
      [0, 1, 2].map((page) => readFileSync(path)[page * PAGE_BYTES]),
      [7, 8, 9],
    )
  }))
