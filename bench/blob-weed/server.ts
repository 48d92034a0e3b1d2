/** Our side of blob-weed in a process of its own: appends by POST, durable before the answer; reads by the origin itself. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFileBlobStore } from '../../blobstore/file.ts'
import { createOrigin } from '../../cdn/origin.ts'
import { formatFilePath } from '../../cdn/url.ts'
import { altOf, altPlaces } from '../../domain/alt.ts'
import { createIdGenerator, keyOf } from '../../domain/ids.ts'
import { limits } from '../../domain/limits.ts'

const ALT = altOf(1, altPlaces.image(0))

/** Memory for bodies, used again: what is allotted for each request anew keeps the garbage collector busy. */
const spares: Buffer[] = []

function takeMemory(length: number): Buffer {
  const spare = spares.pop()
  return spare !== undefined && spare.byteLength >= length ? spare : Buffer.allocUnsafeSlow(length)
}

const [folder = ''] = process.argv.slice(2)
const store = await createFileBlobStore({ folder, writer: 'bench' })
const newId = createIdGenerator(0, Date.now)
const erasures = { has: () => false, loaded: () => true }
const origin = createOrigin({ blobs: store, erasures, limits })
const writes = createServer((request, response) => {
  const length = Number(request.headers['content-length'] ?? 0)
  const memory = takeMemory(length)
  let taken = 0
  request.on('data', (chunk: Buffer) => {
    taken += chunk.copy(memory, taken)
  })
  request.on('end', () => {
    const id = newId()
    const data = memory.subarray(0, taken)
    store.append([{ key: keyOf(id), alt: ALT, data }]).then(
      ([locator]) => {
        spares.push(memory)
        const path = locator === undefined ? '' : formatFilePath({ id, version: 1, locator, name: 'w1.jpg' })
        response.writeHead(201, { 'Content-Type': 'text/plain', 'Content-Length': path.length })
        response.end(path)
      },
      (error: unknown) => {
        response.writeHead(500, { 'Content-Length': 0 })
        response.end()
        process.stderr.write(`${String(error)}\n`)
      },
    )
  })
})
writes.listen(0, '127.0.0.1', async () => {
  const reads = Number(new URL(await origin.listen(0, '127.0.0.1')).port)
  process.send?.({ writes: (writes.address() as AddressInfo).port, reads })
})
process.once('disconnect', () => process.exit(0))
