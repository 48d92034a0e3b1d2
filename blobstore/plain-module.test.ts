import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { plainModule } from './plain-module.ts'
import { packSize } from './needle-index.ts'

test('plain module: a module of one URL, with what it imports, does what its files do', async () => {
  const { href } = plainModule(new URL('needle-index.ts', import.meta.url))
  const source = `
    import { parentPort } from 'node:worker_threads'
    import { packSize } from ${JSON.stringify(href)}
    parentPort.postMessage(packSize(12_345))`
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
  const packed = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  assert.equal(packed, packSize(12_345))
})

test('plain module: nothing of it is left to be looked for in a file', () => {
  const text = decodeURIComponent(plainModule(new URL('disk-reader.ts', import.meta.url)).href)
  assert.doesNotMatch(text, /from '\./)
  assert.doesNotMatch(text, /interface /)
})
