import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { ReaderThreads } from './reader-threads.ts'
import { createSystemDisk } from './system-disk.ts'

const OPENS = 300
/** More than the threads read: so much of an open file comes through the cache. */
const BYTES = 1024 ** 2

function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-disk-'))
  return run(folder).finally(() => rmSync(folder, { recursive: true, force: true }))
}

/** Gives the name to one file and to the other in turn, as compactions do, until the flag is set. It is of-0's to begin with. */
function renaming(folder: string, stop: Int32Array): Promise<void> {
  const source = `
    const { workerData: { folder, stop } } = require('node:worker_threads')
    const { linkSync, renameSync } = require('node:fs')
    for (let turn = 1; Atomics.load(stop, 0) === 0; turn += 1) {
      linkSync(folder + '/of-' + (turn % 2), folder + '/next')
      renameSync(folder + '/next', folder + '/1.volume')
    }`
  const worker = new Worker(source, { eval: true, workerData: { folder, stop } })
  return new Promise((resolve, reject) => worker.once('exit', () => resolve()).once('error', reject))
}

test('system disk: direct reads and buffered ones are of one file, also where its name changes hands while it is opened', () =>
  inFolder(async (folder) => {
    assert.equal(ReaderThreads.fits(BYTES), false, 'so many bytes are read through the cache')
    for (const each of [0, 1]) writeFileSync(join(folder, `of-${each}`), new Uint8Array(BYTES).fill(each))
    linkSync(join(folder, 'of-0'), join(folder, '1.volume'))
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const done = renaming(folder, stop)
    const disk = createSystemDisk({ directReads: true })
    try {
      for (let turn = 0; turn < OPENS; turn += 1) {
        const file = await disk.openRead(join(folder, '1.volume'))
        assert.ok(file)
        const [direct, buffered] = [await file.read(0, 4096), await file.read(0, BYTES)]
        await file.close()
        assert.equal(direct[0], buffered[0], `open ${turn}`)
      }
    } finally {
      Atomics.store(stop, 0, 1)
      await done
      await disk.close()
    }
  }))

test('system disk: a file whose second opening fails is closed again', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, '1.volume'), new Uint8Array(10))
    // One descriptor is left: enough for the first opening, and for a third once that is given back.
    const source = `
      const { createSystemDisk } = await import(${JSON.stringify(new URL('system-disk.ts', import.meta.url).href)})
      const { closeSync, openSync } = await import('node:fs')
      const path = ${JSON.stringify(join(folder, '1.volume'))}
      const disk = createSystemDisk({ directReads: true })
      const taken = []
      try { for (;;) taken.push(openSync(path)) } catch {}
      closeSync(taken.pop())
      const code = await disk.openRead(path).then(() => 'opened', (error) => error.code)
      openSync(path)
      process.stdout.write(code)`
    const run = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', run, process.execPath, source])
    assert.equal(stdout, 'STORAGE_UNAVAILABLE')
  }))
