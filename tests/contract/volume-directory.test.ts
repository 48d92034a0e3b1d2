import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { memoryDirectory } from '../../blobstore/memory-directory.ts'
import { keyOf, mediaIdOf } from '../../domain/ids.ts'
import type { Catalog } from '../../domain/ports.ts'
import { scrubs } from '../../workers/volume-commands.ts'
import { someMedia, startServer, type TestServer, withoutTools } from './catalog-server.ts'
import { volumeDirectoryContract } from './volume-directory.contract.ts'

volumeDirectoryContract('memory', async () => {
  const clock = { nowMs: 0 }
  const directory = memoryDirectory({ leaseMs: 30_000, nowMs: () => clock.nowMs })
  let items = 0n
  return {
    directory,
    async expire() {
      clock.nowMs += 30_000
    },
    item: async () => ++items,
    async erase(key) {
      directory.erased(key)
    },
  }
})

suite('catalog', { skip: withoutTools('postgresBin') }, () => {
  let server: TestServer
  let databaseUrl: string
  let catalog: Catalog

  before(async () => {
    server = await startServer()
    databaseUrl = await server.database()
    catalog = await server.catalog({ databaseUrl })
  })
  after(() => server?.stop())

  volumeDirectoryContract('catalog', async () => ({
    directory: catalog,
    async expire(volume) {
      await server.sql(databaseUrl, `update volumes set lease_until = now() - interval '1 second' where id = ${volume}`)
    },
    async item() {
      const media = someMedia()
      await catalog.accept(media)
      return keyOf(media.id)
    },
    async erase(key) {
      await catalog.beginErase(mediaIdOf(key))
      await catalog.forgetPlacements(mediaIdOf(key), await catalog.placements(mediaIdOf(key)))
    },
  }))

  test('volume directory catalog: volumes are due for a scrub when they never had one, or had it long ago', async () => {
    const scrubbed = await catalog.allot('scrubbed')
    const never = await catalog.allot('never')
    const report = {
      volume: scrubbed.volume,
      bytes: 9,
      needles: 1,
      erasedKeys: 0,
      deadBytes: 7,
      bad: [{ start: 4, end: 8 }],
      tombstoneStrayBytes: 0,
      found: 2,
      repaired: 1,
      tookMs: 5,
    }
    await catalog.reportScrub({ ...report, bad: [] })
    await catalog.reportScrub(report)
    const due = await catalog.dueForScrub(60_000, 1_000)
    assert.equal(due.includes(scrubbed.volume), false)
    assert.ok(due.includes(never.volume))
    const [told, other] = await catalog.overview(scrubbed.volume - 1, 2)
    assert.deepEqual([told?.row.volume, told?.scrub?.report, told?.row.bytesErased], [scrubbed.volume, report, 7])
    assert.deepEqual([other?.row.volume, other?.scrub], [never.volume, null])
    const lines: string[] = []
    assert.equal(await scrubs(catalog, (line) => void lines.push(line)), 1, 'something is quarantined')
    const at = lines.findIndex((line) => line.startsWith(`volume ${scrubbed.volume}: open`))
    assert.match(lines[at] ?? '', /7 erased, scrubbed 0\.0 h ago \(9 bytes in 0 s\): 2 BAD found, 1 repaired, 1 quarantined$/)
    assert.equal(lines[at + 1], '  quarantined: bytes 4 to 8')
    assert.match(lines[at + 2] ?? '', /never scrubbed$/)
    await catalog.seal(scrubbed, 4_096)
    await catalog.reportScrub({ ...report, deadBytes: 5_000 })
    assert.equal((await catalog.volume(scrubbed.volume))?.bytesErased, 7, 'what a scrub saw before a compaction is gone')
    await server.sql(databaseUrl, `update volume_scrubs set report = '{"bytes": 3, "bad": []}' where volume = ${scrubbed.volume}`)
    assert.equal((await catalog.overview(scrubbed.volume - 1, 1))[0]?.scrub?.report.found, 0, 'a report of an earlier release says less')
    await server.sql(databaseUrl, `update volume_scrubs set scrubbed_at = now() - interval '61 seconds' where volume = ${scrubbed.volume}`)
    const later = await catalog.dueForScrub(60_000, 1_000)
    assert.ok(later.indexOf(never.volume) < later.indexOf(scrubbed.volume))
    assert.equal(later.at(-1), scrubbed.volume)
  })

  test('volume directory catalog: a release that knows no leases, started again, is not taken for a writer that is gone', async () => {
    const { volume, epoch } = await catalog.allot('old')
    // As it takes back what it held.
    await server.sql(databaseUrl, `update volumes set epoch = epoch + 1 where writer = 'old' and state = 'open'`)
    const row = await catalog.volume(volume)
    assert.deepEqual([row?.epoch, row?.leaseMs], [epoch + 1, null])
    const [lease] = await catalog.openOf('old')
    assert.ok(lease)
    assert.ok(((await catalog.volume(volume))?.leaseMs ?? 0) > 0)
  })

  test('volume directory catalog: of what was placed before its bytes were kept, an erasure frees what items take on average', async () => {
    const lease = await catalog.allot('before')
    const media = [someMedia(), someMedia()] as const
    for (const one of media) {
      await catalog.accept(one)
      await catalog.place(keyOf(one.id), lease.volume, 10)
    }
    await server.sql(databaseUrl, `update placements set bytes = null where volume = ${lease.volume}`)
    await catalog.seal(lease, 5_000)
    const [{ id }] = media
    await catalog.beginErase(id)
    await catalog.forgetPlacements(id, [lease.volume])
    const row = await catalog.volume(lease.volume)
    assert.deepEqual([row?.bytesErased, row?.bytesHeld, row?.keysErased], [2_500, 2_500, 1])
  })

  test('volume directory catalog: a volume whose writer keeps no lease is never taken over by itself', async () => {
    const { volume, epoch } = await catalog.allot('before')
    await server.sql(databaseUrl, `update volumes set lease_until = null where id = ${volume}`)
    assert.equal((await catalog.volume(volume))?.leaseMs, null)
    assert.equal(await catalog.take(volume, 'w'), null)
    assert.equal((await catalog.take(volume, 'w', { force: true }))?.epoch, epoch + 1)
  })
})
