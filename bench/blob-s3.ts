import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryDirectory } from '../blobstore/memory-directory.ts'
import { createObjectBlobReader, createObjectBlobStore } from '../blobstore/object.ts'
import { createObjectBackend } from '../blobstore/object-backend.ts'
import { createObjectCare } from '../blobstore/object-care.ts'
import { systemClock } from '../blobstore/refresher.ts'
import type { Locator } from '../domain/media.ts'
import type { BlobStore, ObjectStore } from '../domain/ports.ts'
import { startMinio } from '../infra/engines/minio.ts'
import { pickPorts } from '../infra/engines/ports.ts'
import { openSupervisor } from '../infra/engines/supervisor.ts'
import { parseTools } from '../infra/engines/tools.ts'
import { provisionBucket } from '../objects/provision.ts'
import { createS3ObjectStore } from '../objects/s3/store.ts'
import { type CountingProxy, startCountingProxy } from './s3/counting-proxy.ts'
import type { Bench } from './types.ts'

const NEEDLE_BYTES = 64 * 1024
/** An item's renditions: one batch. */
const RENDITIONS = 4
const SLOW_ITEMS = 20
const FAST_ITEMS = 500
const FAST_AT_ONCE = 64
const READS = 200
const OVERHEAD_MAX = 0.5

type Stored = readonly [key: bigint, locators: readonly Locator[]]

/** Argument: seconds between the items of the slow part. */
export const bench: Bench = {
  name: 'blob-s3',
  claim: 'Volumes on S3 cost hardly more bytes than what is in them, one GET a cold read, and few PUTs',
  goal: `<= ${OVERHEAD_MAX}% more bytes at 64 KiB; 1 GET per cold read before and after a merge; <= 1 PUT per item at 1 item/s, <= 0.25 under load`,
  async run({ scratch, args, say }) {
    const supervisor = await openSupervisor({ home: scratch })
    const { s3 } = await pickPorts(0, ['s3'])
    const server = await startMinio({ supervisor, tools: parseTools(process.env['DARKROOM_TOOLS']), port: s3 })
    const proxy = await startCountingProxy(server.endpoint)
    const keys = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey }
    const options = { region: server.region, bucket: 'volumes', endpoint: proxy.endpoint, ...keys }
    await provisionBucket(options)
    const objects = createS3ObjectStore(options)
    try {
      return await measure(objects, proxy, Number(args[0] ?? 1) * 1_000, say)
    } finally {
      objects.close()
      await proxy.close()
      await supervisor.stop()
    }
  },
}

async function measure(objects: ObjectStore, proxy: CountingProxy, pauseMs: number, say: (line: string) => void) {
  const directory = memoryDirectory()
  const store = await createObjectBlobStore({ objects, directory, placements: directory, writer: 'bench' })
  let last = 0n
  const item = async (): Promise<Stored> => {
    last += 1n
    const key = last
    return [key, await store.append(Array.from({ length: RENDITIONS }, (_, alt) => ({ key, alt, data: randomBytes(NEEDLE_BYTES) })))]
  }
  // Makes the volume and asks once what the server takes: once a volume and once a process, not once an item.
  const stored: Stored[] = [await item()]
  proxy.take()
  for (let made = 0; made < SLOW_ITEMS; made += 1) {
    await sleep(pauseMs)
    stored.push(await item())
  }
  const slow = proxy.take().PUT / SLOW_ITEMS
  for (let made = 0; made < FAST_ITEMS; ) {
    const many = Math.min(FAST_AT_ONCE, FAST_ITEMS - made)
    stored.push(...(await Promise.all(Array.from({ length: many }, item))))
    made += many
  }
  const fast = proxy.take().PUT / FAST_ITEMS
  say(`PUTs per item: ${slow} one at a time, ${fast.toFixed(3)} with ${FAST_AT_ONCE} at once (an object a rendition: ${RENDITIONS})`)
  await store.close()
  const volume = stored[0]?.[1][0]?.volume ?? 0
  for (const lease of await directory.openOf('bench')) await directory.seal(lease, await bytesBelow(objects, `volumes/${lease.volume}/`))

  const care = createObjectCare({
    objects,
    directory,
    backend: createObjectBackend({ objects, report: () => {} }),
    clock: systemClock,
    report: () => {},
    name: 'care',
    graceMs: 0,
  })
  const gets: number[] = [await getsPerRead(objects, proxy, stored)]
  const packed = await overhead(objects, stored)
  await care.merge(volume, {})
  gets.push(await getsPerRead(objects, proxy, stored))
  await care.collectGarbage({})
  gets.push(await getsPerRead(objects, proxy, stored))
  const merged = await overhead(objects, stored)
  say(`GETs per cold read: ${gets.join(', ')} (in packs, merged, packs gone; an object a rendition: 1)`)
  say(`bytes in the bucket over bytes of data: ${packed.toFixed(3)}% in packs, ${merged.toFixed(3)}% merged`)
  const worst = Math.max(packed, merged)
  return {
    name: `bytes in the bucket beyond ${stored.length * RENDITIONS} renditions of 64 KiB; ${Math.max(...gets)} GET a cold read, ${slow} and ${fast.toFixed(3)} PUTs an item`,
    value: Number(worst.toFixed(3)),
    unit: '%',
    goal: `<= ${OVERHEAD_MAX}`,
    peer: `an object a rendition: ${RENDITIONS} PUTs an item, 1 GET a read`,
    holds: worst <= OVERHEAD_MAX && gets.every((each) => each === 1) && slow <= 1 && fast <= 0.25,
  }
}

/** By a process that knows the volume and has nothing of it in memory but the index. */
async function getsPerRead(objects: ObjectStore, proxy: CountingProxy, stored: readonly Stored[]): Promise<number> {
  const reader: Pick<BlobStore, 'read' | 'close'> = createObjectBlobReader({ objects })
  const needles = stored.flatMap(([key, locators]) => locators.map((locator) => ({ key, locator })))
  const [first, ...rest] = needles
  if (first === undefined) throw new Error('nothing was stored')
  await reader.read(first.key, first.locator)
  proxy.take()
  const every = Math.max(1, Math.floor(rest.length / READS))
  const read = rest.filter((_, index) => index % every === 0)
  for (const { key, locator } of read) await reader.read(key, locator)
  const { GET } = proxy.take()
  await reader.close()
  return GET / read.length
}

async function bytesBelow(objects: ObjectStore, prefix: string): Promise<number> {
  let total = 0
  for await (const { bytes } of objects.list(prefix)) total += bytes
  return total
}

async function overhead(objects: ObjectStore, stored: readonly Stored[]): Promise<number> {
  const data = stored.length * RENDITIONS * NEEDLE_BYTES
  return ((await bytesBelow(objects, 'volumes/')) / data - 1) * 100
}
