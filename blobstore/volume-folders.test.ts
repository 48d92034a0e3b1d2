import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { openVolumeFolders, type VolumeFolders } from './volume-folders.ts'

const STARTERS = 3
const ROUNDS = 25

/** Opens the folders of each round at the same moment as the others do. */
const starter = `
  const { parentPort, workerData: { module, roots, turn, starters } } = require('node:worker_threads')
  import(module).then(({ openVolumeFolders }) => {
    const found = roots.map((root, round) => {
      Atomics.add(turn, round, 1)
      while (Atomics.load(turn, round) < starters) {}
      return openVolumeFolders([root + '/a', root + '/b', root + '/c'])
    })
    parentPort.postMessage(found)
  })`

test('volume folders: processes that start at once for the first time agree on which folders there are', async () => {
  const root = mkdtempSync(join(tmpdir(), 'darkroom-folders-'))
  try {
    const roots = Array.from({ length: ROUNDS }, (_, round) => join(root, String(round)))
    const turn = new Int32Array(new SharedArrayBuffer(4 * ROUNDS))
    const workerData = { module: new URL('volume-folders.ts', import.meta.url).href, roots, turn, starters: STARTERS }
    const found = await Promise.all(
      Array.from({ length: STARTERS }, async () => {
        const worker = new Worker(starter, { eval: true, workerData })
        return await new Promise<VolumeFolders[]>((resolve, reject) => worker.once('message', resolve).once('error', reject))
      }),
    )
    for (const [round, folder] of roots.entries()) {
      const folders = ['a', 'b', 'c'].map((name) => join(folder, name))
      const whole = { folders, missing: [], leftOut: [] }
      for (const each of found) assert.deepEqual(each[round], whole)
      assert.deepEqual(openVolumeFolders(folders), whole)
      const markers = folders.map((one) => JSON.parse(readFileSync(join(one, 'folder.json'), 'utf8')) as { id: string; all: string[] })
      for (const { all } of markers) assert.deepEqual(all, markers.map(({ id }) => id).toSorted())
      for (const one of folders) assert.deepEqual(readdirSync(one), ['folder.json'])
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
