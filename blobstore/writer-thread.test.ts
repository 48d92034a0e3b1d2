import assert from 'node:assert/strict'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import { alignedMemory, PAGE_BYTES } from './aligned-memory.ts'
import { WriterThread } from './writer-thread.ts'

const FILE_PAGES = 64
const STEPS = 400

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

test('writer thread: writes from shared memory, from other memory, and zeros, are done in the order in which they are asked for', () =>
  withFile(constants.O_RDWR, async (thread, fd, path) => {
    const { buffer } = alignedMemory(STEPS * PAGE_BYTES)
    thread.share(buffer)
    const expected = new Uint8Array(FILE_PAGES * PAGE_BYTES)
    const underWay: Promise<void>[] = []
    for (let step = 0; step < STEPS; step += 1) {
      // Few places, so that many steps are of the same one.
      const offset = ((step * 7) % 5) * PAGE_BYTES
      const isZero = step % 11 === 3
      const bytes = step % 17 === 5 ? new Uint8Array(PAGE_BYTES) : new Uint8Array(buffer, step * PAGE_BYTES, PAGE_BYTES)
      bytes.fill(isZero ? 0 : (step % 250) + 1)
      expected.set(bytes, offset)
      underWay.push(
        isZero
          ? thread.run({ kind: 'zero', fd, offset, length: PAGE_BYTES })
          : thread.write({ fd, offset, bytes, isInPages: bytes.buffer === buffer }),
      )
      // Now and then all is waited for, and then again only writes of shared memory are under way.
      if (step % 23 === 0) await Promise.all(underWay.splice(0))
    }
    await Promise.all(underWay)
    assert.equal(Buffer.compare(readFileSync(path), expected), 0)
  }))

test('writer thread: a write that the system refuses is told with its error, and so is every later one of the file', () =>
  withFile(constants.O_RDONLY, async (thread, fd) => {
    const { buffer } = alignedMemory(PAGE_BYTES)
    thread.share(buffer)
    const bytes = new Uint8Array(buffer, 0, PAGE_BYTES)
    // The first one goes as a message, since the memory is not known there yet; those after it through memory.
    for (let turn = 0; turn < 3; turn += 1) {
      await assert.rejects(
        thread.write({ fd, offset: 0, bytes, isInPages: true }),
        (error) => error instanceof MediaError && error.code === 'VOLUME_FENCED' && error.message.includes('EBADF'),
      )
    }
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
