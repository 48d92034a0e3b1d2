import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { keyOf, parseMediaId } from '../../domain/ids.ts'
import { erased, manifest, newId, ready, refused, sha256, someMedia, servedCatalog, withoutTools } from './catalog-server.ts'

suite('catalog', { skip: withoutTools('postgresBin') }, async () => {
  const { server, catalog } = await servedCatalog()

  const accepted = async (overrides: Parameters<typeof someMedia>[0] = {}) => {
    const media = someMedia(overrides)
    await catalog.accept(media)
    return media.id
  }
  const readied = async () => {
    const id = await accepted()
    await catalog.publish(id, manifest, { camera: 'Box Brownie' })
    await catalog.settle(id, ready(id))
    return id
  }

  test('catalog: an accepted item is there as it was given, processing and received', async () => {
    const media = someMedia()
    await catalog.accept(media)
    const row = await catalog.get(media.id)
    assert.ok(row)
    const { createdAt, ...rest } = row
    assert.deepEqual(rest, { ...media, state: 'processing', stage: 'received', version: 1, revision: 0 })
    assert.ok(Math.abs(createdAt.getTime() - Date.now()) < 60_000)
  })

  test('catalog: accepting the same upload again changes nothing', async () => {
    const media = someMedia()
    await catalog.accept(media)
    await catalog.setStage(media.id, 'develop')
    await catalog.accept(media)
    assert.equal((await catalog.get(media.id))?.stage, 'develop')
  })

  test('catalog: another upload under a taken id is refused and not lost silently', async () => {
    const media = someMedia()
    await catalog.accept(media)
    await assert.rejects(catalog.accept({ ...media, sourceSha256: sha256('another') }), /taken by another upload/)
    await assert.rejects(catalog.accept({ ...media, tenant: 'else' }), /taken by another upload/)
  })

  test('catalog: an unknown item is null, and cannot be settled, published or placed', async () => {
    const id = newId()
    assert.equal(await catalog.get(id), null)
    assert.equal(await catalog.facts(id), null)
    await assert.rejects(catalog.settle(id, ready(id)), { code: 'MEDIA_NOT_FOUND' })
    await assert.rejects(catalog.publish(id, manifest, {}), { code: 'MEDIA_NOT_FOUND' })
    await assert.rejects(catalog.beginErase(id), { code: 'MEDIA_NOT_FOUND' })
    await assert.rejects(catalog.place(keyOf(id), 1, 100), { code: 'MEDIA_NOT_FOUND' })
    await assert.rejects(catalog.begin(id, 1, 'x'), { code: 'MEDIA_NOT_FOUND' })
  })

  test('catalog: recent lists one tenant, newest first, at most the limit', async () => {
    const ids = []
    for (let n = 0; n < 4; n++) ids.push(await accepted({ tenant: 'recent' }))
    await accepted({ tenant: 'recent2' })
    const rows = await catalog.recent('recent', 3)
    assert.deepEqual(
      rows.map(({ id }) => id),
      ids.toReversed().slice(0, 3),
    )
    const older = await catalog.recent('recent', 2, ids[2])
    assert.deepEqual(
      older.map(({ id }) => id),
      [ids[1], ids[0]],
      'those older than the one that is named',
    )
    assert.deepEqual(await catalog.recent('recent', 2, ids[0]), [])
  })

  test('catalog: ids that use the 64th bit sort after those that do not', async () => {
    const late = parseMediaId('fzzzzzzzzzzzz')
    assert.ok(late)
    const [first] = [await accepted({ tenant: 'late' }), await accepted({ tenant: 'late', id: late })]
    assert.deepEqual(
      (await catalog.recent('late', 9)).map(({ id }) => id),
      [late, first],
    )
  })

  test('catalog: unstarted gives old items that nobody marked, and no settled one', async () => {
    const own = await server.catalog()
    const [waiting, marked, refusedEarly] = [someMedia(), someMedia(), someMedia()]
    for (const media of [waiting, marked, refusedEarly]) await own.accept(media)
    await own.markStarted(marked.id)
    await own.settle(refusedEarly.id, refused(refusedEarly.id))
    assert.deepEqual(await own.unstarted(60_000, 10), [])
    assert.deepEqual(
      (await own.unstarted(0, 10)).map(({ id }) => id),
      [waiting.id],
    )
    assert.deepEqual(await own.unstarted(0, 0), [])
  })

  test('catalog: a stage with its progress is shown, and the same one again is no change', async () => {
    const id = await accepted()
    const progress = { done: 2, total: 5, unit: 'chunks' } as const
    await catalog.setStage(id, 'develop', progress)
    const row = await catalog.get(id)
    assert.deepEqual([row?.stage, row?.progress, row?.revision], ['develop', progress, 1])
    await catalog.setStage(id, 'develop', progress)
    assert.equal((await catalog.get(id))?.revision, 1)
    await catalog.setStage(id, 'publish')
    assert.deepEqual([(await catalog.get(id))?.progress, (await catalog.get(id))?.revision], [undefined, 2])
  })

  test('catalog: ready shows the manifest, keeps private facts apart and tells of it once', async () => {
    const id = await readied()
    await catalog.settle(id, ready(id))
    const row = await catalog.get(id)
    assert.deepEqual([row?.state, row?.stage, row?.manifest, row?.version], ['ready', 'done', manifest, 1])
    assert.ok(!JSON.stringify(row).includes('Brownie'))
    assert.deepEqual(await catalog.facts(id), { camera: 'Box Brownie' })
    const events = await catalog.eventsOf(id)
    assert.deepEqual(
      events.map(({ eventId, type, mediaId, tenant, data }) => ({ eventId, type, mediaId, tenant, data })),
      [{ eventId: `${id}.1.media.ready`, type: 'media.ready', mediaId: id, tenant: 'acme', data: ready(id).event }],
    )
    assert.ok(events[0]?.time instanceof Date)
    assert.equal(typeof events[0]?.sequence, 'number')
  })

  test('catalog: ready without a manifest is a bug and leaves no event', async () => {
    const id = await accepted()
    await assert.rejects(catalog.settle(id, ready(id)), /without a manifest/)
    assert.deepEqual(await catalog.eventsOf(id), [])
    assert.equal((await catalog.get(id))?.state, 'processing')
  })

  for (const state of ['rejected', 'failed'] as const) {
    test(`catalog: ${state} says why, drops manifest and facts, and is final`, async () => {
      const id = await accepted()
      await catalog.publish(id, manifest, { camera: 'Box Brownie' })
      await catalog.settle(id, refused(id, state))
      await catalog.settle(id, refused(id, state))
      await catalog.settle(id, ready(id))
      await catalog.setStage(id, 'develop')
      const row = await catalog.get(id)
      assert.deepEqual([row?.state, row?.stage, row?.manifest, row?.error?.code], [state, 'done', undefined, 'MEDIA_CORRUPT'])
      assert.equal(await catalog.facts(id), null)
      assert.deepEqual(
        (await catalog.eventsOf(id)).map(({ type }) => type),
        [`media.${state}`],
      )
      await assert.rejects(catalog.publish(id, manifest, {}), { code: 'MEDIA_ERASED' })
      await assert.rejects(catalog.place(keyOf(id), 1, 100), { code: 'MEDIA_ERASED' })
    })
  }

  test('catalog: a failed item is brought in again as its next version, and nothing else is', async () => {
    const own = await server.catalog()
    const media = someMedia()
    await own.accept(media)
    await assert.rejects(own.retry(media.id), { code: 'MEDIA_NOT_FAILED' })
    await own.markStarted(media.id)
    await own.settle(media.id, refused(media.id, 'failed'))
    await own.retry(media.id)
    await assert.rejects(own.retry(media.id), { code: 'MEDIA_NOT_FAILED' })
    const row = await own.get(media.id)
    assert.deepEqual([row?.state, row?.stage, row?.version, row?.error], ['processing', 'received', 2, undefined])
    assert.deepEqual(
      (await own.unstarted(0, 9)).map(({ id }) => id),
      [media.id],
    )
    await own.place(keyOf(media.id), 1, 100)
    await own.settle(media.id, refused(media.id, 'failed'))
    assert.deepEqual(
      (await own.eventsOf(media.id)).map(({ eventId }) => eventId),
      [`${media.id}.1.media.failed`, `${media.id}.2.media.failed`],
    )
    await own.retry(media.id)
    await own.settle(media.id, refused(media.id, 'rejected'))
    await assert.rejects(own.retry(media.id), { code: 'MEDIA_NOT_FAILED' })
    await assert.rejects(own.retry(newId()), { code: 'MEDIA_NOT_FOUND' })
  })

  test('catalog: known gives those ids that have a row, erased ones too', async () => {
    const [here, erasedId] = [await accepted(), await accepted()]
    await catalog.beginErase(erasedId)
    assert.deepEqual((await catalog.known([here, newId(), erasedId])).toSorted(), [here, erasedId].toSorted())
    assert.deepEqual(await catalog.known([]), [])
  })

  test('catalog: unsettled gives what was started and is not settled, once in a while', async () => {
    const own = await server.catalog()
    const [running, waiting, done] = [someMedia(), someMedia(), someMedia()]
    for (const media of [running, waiting, done]) await own.accept(media)
    for (const media of [running, done]) await own.markStarted(media.id)
    await own.settle(done.id, refused(done.id))
    assert.deepEqual(await own.unsettled(60_000, 9), [])
    assert.deepEqual(
      (await own.unsettled(0, 9)).map(({ id }) => id),
      [running.id],
    )
    assert.deepEqual(await own.unsettled(60_000, 9), [])
    assert.equal((await own.get(running.id))?.revision, 0)
  })

  test('catalog: a ready item stays ready whatever comes late', async () => {
    const id = await readied()
    await catalog.settle(id, refused(id))
    await catalog.setStage(id, 'develop')
    await catalog.publish(id, { ...manifest, width: 1 }, {})
    const row = await catalog.get(id)
    assert.deepEqual([row?.state, row?.stage, row?.manifest?.width], ['ready', 'done', 1440])
    assert.equal((await catalog.eventsOf(id)).length, 1)
  })

  test('catalog: a new version of a ready item is told of by an event of its own', async () => {
    const id = await readied()
    await catalog.publish(id, { ...manifest, version: 2 }, {})
    await catalog.settle(id, ready(id, 2))
    await catalog.settle(id, ready(id, 2))
    assert.equal((await catalog.get(id))?.version, 2)
    assert.deepEqual(
      (await catalog.eventsOf(id)).map(({ eventId }) => eventId),
      [`${id}.1.media.ready`, `${id}.2.media.ready`],
    )
  })

  test('catalog: what a camera wrote is kept even where it is no proper text', async () => {
    const id = await accepted()
    const facts = { camera: 'a\u0000b', software: '\ud800' }
    await catalog.publish(id, manifest, facts)
    assert.deepEqual(await catalog.facts(id), facts)
  })

  test('catalog: an erasure leaves nothing that tells what was in the picture', async () => {
    const id = await readied()
    await catalog.begin(id, 1, 'draft')
    await catalog.finish(id, 1, 'draft', { camera: 'Box Brownie' })
    await catalog.beginErase(id)
    await catalog.beginErase(id)
    const row = await catalog.get(id)
    assert.deepEqual(
      [row?.state, row?.stage, row?.manifest, row?.filter, row?.edits, row?.sourceSha256],
      ['erased', 'erase', undefined, null, undefined, ''],
    )
    assert.equal(await catalog.facts(id), null)
    assert.deepEqual(await catalog.attempts(id, 1), [])
    const events = JSON.stringify(await catalog.eventsOf(id))
    for (const told of [manifest.blurhash, manifest.thumbhash ?? '', '#2f4a6b', '0.41']) assert.ok(!events.includes(told), told)
  })

  test('catalog: an erasure remembers files that edges may hold, until its receipt', async () => {
    const id = await readied()
    assert.deepEqual(await catalog.witnesses(id), [])
    await catalog.beginErase(id)
    await catalog.beginErase(id)
    const { name, locator } = manifest.renditions[0] ?? {}
    assert.deepEqual(await catalog.witnesses(id), [{ version: 1, name, locator }])
    await catalog.settle(id, erased(id))
    assert.deepEqual(await catalog.witnesses(id), [])
    const bare = await accepted()
    await catalog.beginErase(bare)
    assert.deepEqual(await catalog.witnesses(bare), [])
  })

  test('catalog: nothing can be written for an erased item but its receipt', async () => {
    const id = await accepted()
    await assert.rejects(catalog.settle(id, erased(id)), /before its erasure began/)
    await catalog.beginErase(id)
    const refusals = [
      () => catalog.publish(id, manifest, {}),
      () => catalog.settle(id, ready(id)),
      () => catalog.settle(id, refused(id)),
      () => catalog.place(keyOf(id), 1, 100),
      () => catalog.begin(id, 1, 'draft'),
      () => catalog.finish(id, 1, 'draft', {}),
    ]
    for (const refusal of refusals) await assert.rejects(refusal, { code: 'MEDIA_ERASED' })
    await catalog.setStage(id, 'develop')
    assert.equal((await catalog.get(id))?.stage, 'erase')
    await catalog.settle(id, erased(id))
    await catalog.settle(id, erased(id))
    assert.equal((await catalog.get(id))?.stage, 'done')
    assert.deepEqual(
      (await catalog.eventsOf(id)).map(({ type }) => type),
      ['media.erased'],
    )
  })

  test('catalog: unerased gives erasures that have no receipt yet', async () => {
    const own = await server.catalog()
    const [open, done, living] = [someMedia(), someMedia(), someMedia()]
    for (const media of [open, done, living]) await own.accept(media)
    for (const media of [open, done]) await own.beginErase(media.id)
    await own.settle(done.id, erased(done.id))
    assert.deepEqual(
      (await own.unerased(0, 10)).map(({ id, state }) => [id, state]),
      [[open.id, 'erased']],
    )
    assert.deepEqual(await own.unerased(60_000, 10), [])
  })

  test('catalog: an erasure that cannot be settled does not keep those behind it from being given', async () => {
    const own = await server.catalog()
    const others = (await own.unerased(0, 1_000)).length
    const media = [someMedia(), someMedia(), someMedia()]
    for (const one of media) await own.accept(one)
    for (const one of media) await own.beginErase(one.id)
    const given: string[] = []
    for (let look = 0; look < others + 3; look += 1) given.push(...(await own.unerased(0, 1)).map(({ id }) => id))
    assert.deepEqual(
      given.slice(0, 3),
      media.map(({ id }) => id),
      'none of which was given before',
    )
    assert.equal(new Set(given).size, others + 3, 'each in its turn')
  })

  test('catalog: the erasure feed goes on after a position', async () => {
    const own = await server.catalog()
    const ids = [someMedia(), someMedia(), someMedia()].map((media) => media)
    for (const media of ids) await own.accept(media)
    for (const media of ids.toReversed()) await own.beginErase(media.id)
    const first = await own.after(0, 2)
    assert.deepEqual(
      first.map(({ id }) => id),
      [ids[2]?.id, ids[1]?.id],
    )
    assert.deepEqual(
      (await own.after(first[1]?.position ?? 0, 9)).map(({ id }) => id),
      [ids[0]?.id],
    )
  })

  test('catalog: placements are remembered once each until they are forgotten', async () => {
    const id = await accepted()
    for (const volume of [4, 2, 4]) await catalog.place(keyOf(id), volume, 100)
    assert.deepEqual(await catalog.placements(id), [2, 4])
    await catalog.beginErase(id)
    assert.deepEqual(await catalog.placements(id), [2, 4])
    await catalog.forgetPlacements(id, [2])
    assert.deepEqual(await catalog.placements(id), [4], 'in the other volume its needles are still')
    await catalog.forgetPlacements(id, [2, 4])
    assert.deepEqual(await catalog.placements(id), [])
  })

  test('catalog: a checkpoint counts attempts and gives the result once it is finished', async () => {
    const id = await accepted()
    assert.deepEqual(await catalog.begin(id, 1, 'chunk:0'), { attempt: 1 })
    assert.deepEqual(await catalog.begin(id, 1, 'chunk:0'), { attempt: 2 })
    assert.equal(await catalog.finished(id, 1, 'chunk:0'), undefined)
    await catalog.finish(id, 1, 'chunk:0', { a: ['\u0000', 1.5] })
    await catalog.finish(id, 1, 'chunk:1', null)
    assert.deepEqual(await catalog.finished(id, 1, 'chunk:0'), { a: ['\u0000', 1.5] })
    assert.deepEqual(
      await catalog.begin(id, 1, 'chunk:0'),
      { attempt: 2, result: { a: ['\u0000', 1.5] } },
      'what is finished is not tried again',
    )
    await catalog.finish(id, 1, 'chunk:0', 'later')
    assert.equal(await catalog.finished(id, 1, 'chunk:0'), 'later')
    assert.deepEqual(await catalog.finishedSteps(id, 1), ['chunk:0', 'chunk:1'])
    assert.deepEqual(await catalog.finishedSteps(id, 2), [])
    assert.deepEqual(await catalog.attempts(id, 1), [
      { step: 'chunk:0', attempts: 2 },
      { step: 'chunk:1', attempts: 0 },
    ])
    await catalog.forgetCheckpoints(id)
    assert.deepEqual(await catalog.attempts(id, 1), [])
  })

  test('catalog: the outbox gives events in order until they are relayed', async () => {
    const own = await server.catalog()
    const ids = [someMedia(), someMedia(), someMedia()].map((media) => media)
    for (const media of ids) {
      await own.accept(media)
      await own.settle(media.id, refused(media.id))
    }
    const pending = await own.pending(2)
    assert.deepEqual(
      pending.map(({ mediaId }) => mediaId),
      [ids[0]?.id, ids[1]?.id],
    )
    await own.markRelayed([pending[1]?.sequence ?? 0])
    assert.deepEqual(
      (await own.pending(9)).map(({ mediaId }) => mediaId),
      [ids[0]?.id, ids[2]?.id],
    )
    await own.markRelayed([])
    await own.markRelayed((await own.pending(9)).map(({ sequence }) => sequence))
    assert.deepEqual(await own.pending(9), [])
  })

  test('catalog: API keys are known by their SHA-256 and belong to one tenant', async () => {
    await catalog.addKey('acme', sha256('key'))
    await catalog.addKey('acme', sha256('key'))
    assert.equal(await catalog.tenantOfKey(sha256('key')), 'acme')
    assert.equal(await catalog.tenantOfKey(sha256('other')), null)
    await assert.rejects(catalog.addKey('else', sha256('key')), { code: 'REQUEST_INVALID' })
    assert.equal(await catalog.tenantOfKey(sha256('key')), 'acme')
  })
})
