import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { codeOf } from '../../domain/errors.ts'
import { keyOf } from '../../domain/ids.ts'
import type { Catalog, CatalogSignal } from '../../domain/ports.ts'
import { manifest, newId, ready, refused, someMedia, startServer, withoutTools, type TestServer } from './catalog-server.ts'

const RACERS = 16
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))

suite('catalog races', { skip: withoutTools('postgresBin') }, () => {
  let server: TestServer
  /** Two processes, as far as the database can tell. */
  let catalogs: readonly [Catalog, Catalog]
  let one: Catalog

  before(async () => {
    server = await startServer()
    const databaseUrl = await server.database()
    catalogs = [await server.catalog({ databaseUrl }), await server.catalog({ databaseUrl })]
    one = catalogs[0]
  })
  after(() => server?.stop())

  const side = (index: number) => catalogs[index % 2] ?? one
  const accepted = async () => {
    const media = someMedia()
    await one.accept(media)
    return media.id
  }

  test('catalog: 16 settlings at once give one event', async () => {
    const id = await accepted()
    await one.publish(id, manifest, {})
    await Promise.all(times(RACERS, (index) => side(index).settle(id, ready(id))))
    assert.deepEqual(
      (await one.eventsOf(id)).map(({ type }) => type),
      ['media.ready'],
    )
    assert.equal((await one.get(id))?.state, 'ready')
  })

  test('catalog: of settlings that disagree one wins, and its event is the only one', async () => {
    for (let round = 0; round < 10; round++) {
      const id = await accepted()
      await one.publish(id, manifest, {})
      await Promise.all(
        times(RACERS, (index) =>
          side(index).settle(id, index % 3 === 0 ? ready(id) : refused(id, index % 3 === 1 ? 'rejected' : 'failed')),
        ),
      )
      const row = await one.get(id)
      assert.deepEqual(
        (await one.eventsOf(id)).map(({ type }) => type),
        [`media.${row?.state}`],
      )
      assert.equal(row?.manifest !== undefined, row?.state === 'ready')
    }
  })

  test('catalog: 16 acceptances of one upload at once give one row', async () => {
    const media = someMedia({ tenant: 'raced' })
    await Promise.all(times(RACERS, (index) => side(index).accept(media)))
    assert.equal((await one.recent('raced', 9)).length, 1)
  })

  test('catalog: an erasure against publishing and settling leaves no trace of the manifest', async () => {
    for (let round = 0; round < 20; round++) {
      const id = await accepted()
      const outcomes = await Promise.allSettled([
        side(round).publish(id, manifest, { camera: 'Box Brownie' }),
        side(round + 1).beginErase(id),
        side(round).finish(id, 1, 'draft', { camera: 'Box Brownie' }),
        side(round).settle(id, refused(id)),
        side(round + 1).beginErase(id),
      ])
      for (const outcome of outcomes) if (outcome.status === 'rejected') assert.equal(codeOf(outcome.reason), 'MEDIA_ERASED')
      const row = await one.get(id)
      assert.deepEqual([row?.state, row?.manifest], ['erased', undefined])
      assert.equal(await one.facts(id), null)
      assert.deepEqual(await one.attempts(id, 1), [])
    }
  })

  test('catalog: what is placed against an erasure is refused, or found by it', async () => {
    for (let round = 0; round < 20; round++) {
      const id = await accepted()
      const placing = times(RACERS, async (volume) => {
        try {
          await side(volume).place(keyOf(id), volume, 100)
          return [volume]
        } catch (error) {
          assert.equal(codeOf(error), 'MEDIA_ERASED')
          return []
        }
      })
      await side(round).beginErase(id)
      // As an erasure does it: whatever it sees now is all that there will ever be.
      const found = await one.placements(id)
      const placed = (await Promise.all(placing)).flat()
      assert.deepEqual(
        found,
        placed.toSorted((a, b) => a - b),
      )
    }
  })

  test('catalog: a follower of the erasure feed misses none, though some commit later than others', async () => {
    const databaseUrl = await server.database()
    const own = await server.catalog({ databaseUrl, poolMax: 16 })
    // Every other erasure takes long to commit, after it has drawn its position.
    await server.sql(
      databaseUrl,
      `create function slowly() returns trigger language plpgsql as $$
         begin perform pg_sleep(0.03 * (new.position % 2)); return null; end $$;
       create constraint trigger slow after insert on erasures deferrable initially deferred for each row execute function slowly()`,
    )
    const ids = times(24, () => newId())
    await Promise.all(ids.map((id) => own.accept(someMedia({ id }))))
    const seen: string[] = []
    let position = 0
    const erasing = { done: false }
    const follow = async () => {
      for (;;) {
        const last = erasing.done
        const rows = await own.after(position, 7)
        seen.push(...rows.map(({ id }) => id))
        position = rows.at(-1)?.position ?? position
        if (rows.length === 0 && last) return
      }
    }
    const following = follow()
    await Promise.all(ids.map((id) => own.beginErase(id)))
    erasing.done = true
    await following
    assert.deepEqual(seen.toSorted(), ids.toSorted())
  })

  test('catalog: a reader of the outbox misses no event, however they are raced', async () => {
    const ids = await Promise.all(times(120, accepted))
    const wanted = new Set<string>(ids)
    const settling = Promise.all(ids.map((id, index) => side(index).settle(id, refused(id))))
    while (wanted.size > 0) {
      const rows = await one.pending(11)
      for (const { mediaId } of rows) wanted.delete(mediaId)
      await one.markRelayed(rows.map(({ sequence }) => sequence))
    }
    await settling
    assert.deepEqual(await one.pending(9), [])
  })

  test('catalog: concurrent attempts of a step are each counted', async () => {
    const id = await accepted()
    const begun = await Promise.all(times(RACERS, (index) => side(index).begin(id, 1, 'chunk:3')))
    assert.deepEqual(
      begun.map(({ attempt }) => attempt).toSorted((a, b) => a - b),
      times(RACERS, (index) => index + 1),
    )
  })

  test('catalog: volumes allotted at once are all different', async () => {
    const leases = await Promise.all(times(RACERS, (index) => side(index).allot('raced')))
    assert.equal(new Set(leases.map(({ volume }) => volume)).size, RACERS)
  })

  test('catalog: changes are signalled to other processes, each with its kind', async () => {
    const id = newId()
    const signals: CatalogSignal[] = []
    const { promise: all, resolve } = Promise.withResolvers<void>()
    const unsubscribe = catalogs[1].onSignal((signal) => {
      if (signal.kind !== 'media' || signal.id === id) signals.push(signal)
      if (signals.length === 6) resolve()
    })
    await one.accept(someMedia({ id }))
    await one.setStage(id, 'develop')
    await one.setStage(id, 'develop')
    await one.markStarted(id)
    await one.settle(id, refused(id))
    await one.beginErase(id)
    await all
    unsubscribe()
    const media = { kind: 'media', id }
    assert.deepEqual(signals, [media, media, { kind: 'outbox' }, media, media, { kind: 'erasure' }])
    await one.settle(id, { state: 'erased', event: { id, tenant: 'acme', verifiedAt: new Date(0).toISOString() } })
    assert.equal(signals.length, 6)
  })
})
