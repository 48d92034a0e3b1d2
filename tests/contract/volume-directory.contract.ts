import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlacementLog } from '../../domain/ports.ts'
import type { VolumeBooks, VolumeDirectory, VolumeLease, VolumeRow } from '../../domain/volume-ports.ts'

export interface DirectoryUnderTest {
  readonly directory: VolumeDirectory & VolumeBooks & Pick<PlacementLog, 'place'>
  /** Lets the lease of a volume run out. */
  expire(volume: number): Promise<void>
  /** An item that may be placed. */
  item(): Promise<bigint>
  /** Erases it, as far as volumes are told. */
  erase(key: bigint): Promise<void>
}

/** What every directory of volumes does with its books. */
export function volumeDirectoryContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  const about = (sentence: string, run: (under: DirectoryUnderTest) => Promise<void>) => {
    const title = `volume directory ${name}: ${sentence}`
    void test(title, async () => await run(await make()))
  }

  const rowOf = async ({ directory }: DirectoryUnderTest, { volume }: VolumeLease): Promise<VolumeRow> => {
    const row = await directory.volume(volume)
    assert.ok(row)
    return row
  }

  const sealed = async (under: DirectoryUnderTest, bytes = 5_000): Promise<VolumeRow> => {
    const lease = await under.directory.allot('w')
    assert.equal(await under.directory.seal(lease, bytes), true)
    return rowOf(under, lease)
  }

  about('volumes are allotted to one writer, taken over in a later epoch, and sealed', async ({ directory }) => {
    const [a, b, c] = [await directory.allot('w1'), await directory.allot('w1'), await directory.allot('w2')]
    assert.equal(new Set([a.volume, b.volume, c.volume]).size, 3)
    const open = await directory.openOf('w1')
    assert.deepEqual(
      open.map(({ volume }) => volume),
      [b.volume, a.volume],
    )
    const [again] = open
    assert.ok(again && again.epoch > b.epoch)
    assert.equal(await directory.seal(b, 1), false)
    assert.equal(await directory.seal(again, 12_345_678_901), true)
    assert.equal((await directory.volume(b.volume))?.bytes, 12_345_678_901)
    assert.deepEqual(
      (await directory.openOf('w1')).map(({ volume }) => volume),
      [a.volume],
    )
  })

  about('a lease is renewed by its holder alone, and not once the volume is sealed', async ({ directory }) => {
    const lease = await directory.allot('w')
    const renewed = await directory.renew(lease)
    assert.deepEqual(renewed, lease)
    assert.equal(await directory.renew({ ...lease, epoch: lease.epoch + 1 }), null)
    await directory.seal(lease, 1)
    assert.equal(await directory.renew(lease), null)
  })

  about('a volume is taken over when its lease has run out, by one of many', async (under) => {
    const { directory } = under
    const lease = await directory.allot('w')
    assert.equal(await directory.take(lease.volume, 'thief'), null)
    await under.expire(lease.volume)
    const taken = await Promise.all([1, 2, 3, 4].map((index) => directory.take(lease.volume, `thief${index}`)))
    const [won, ...more] = taken.filter((one) => one !== null)
    assert.ok(won && more.length === 0)
    assert.equal(won.epoch, lease.epoch + 1)
    assert.equal(await directory.renew(lease), null)
    assert.equal(await directory.seal(lease, 1), false)
    assert.equal(await directory.seal(won, 2), true)
    assert.equal(await directory.take(lease.volume, 'late', { force: true }), null)
  })

  about("an operator wants a volume back: no more renewals, and nobody takes it before the lease's end but by force", async (under) => {
    const { directory } = under
    const lease = await directory.allot('w')
    const leaseMs = await directory.revoke(lease.volume)
    assert.ok(leaseMs !== null && leaseMs > 0)
    assert.equal(await directory.renew(lease), null)
    assert.equal(await directory.take(lease.volume, 'operator'), null)
    const taken = await directory.take(lease.volume, 'operator', { force: true })
    assert.equal(taken?.epoch, lease.epoch + 1)
    assert.deepEqual(await directory.renew(taken), taken)
    await directory.seal(taken, 1)
    assert.equal(await directory.revoke(lease.volume), null)
  })

  about('volumes are listed by number and state', async (under) => {
    const open = await under.directory.allot('w')
    const shut = await sealed(under)
    const listed = (rows: VolumeRow[]) => rows.map(({ volume }) => volume)
    const after = open.volume - 1
    assert.deepEqual(listed(await under.directory.volumes({ states: ['open', 'sealed'], after, limit: 9 })), [open.volume, shut.volume])
    assert.deepEqual(listed(await under.directory.volumes({ states: ['sealed'], after, limit: 9 })), [shut.volume])
    assert.deepEqual(listed(await under.directory.volumes({ states: ['open', 'sealed'], after, limit: 1 })), [open.volume])
    assert.equal((await under.directory.volumes({ states: ['open'], after, limit: 9 }))[0]?.writer, 'w')
    assert.equal(await under.directory.volume(2_000_000_000), null)
  })

  about('what is erased in a volume is counted, in items and bytes, until a rewriting has left it out', async (under) => {
    const { directory } = under
    const lease = await directory.allot('w')
    const keys = [await under.item(), await under.item(), await under.item()]
    for (const [turn, key] of keys.entries()) await directory.place(key, lease.volume, 1_000 * (turn + 1))
    // More of an item that lies there already, as a video's chunks come.
    await directory.place(keys[0] ?? 0n, lease.volume, 500)
    assert.equal((await rowOf(under, lease)).bytesHeld, 6_500)
    await directory.seal(lease, 9_000)
    await under.erase(keys[0] ?? 0n)
    const before = await rowOf(under, lease)
    assert.deepEqual([before.bytesHeld, before.bytesErased, before.keysErased], [7_500, 1_500, 1])
    await under.erase(keys[1] ?? 0n)
    assert.equal(await directory.compacted(before, { bytes: 7_400, needles: 2 }), true)
    const after = await rowOf(under, lease)
    assert.deepEqual([after.bytesHeld, after.bytesErased, after.keysErased, after.bytes], [5_400, 2_000, 1, 7_400])
    assert.equal(after.state, 'sealed')
    assert.equal(await directory.compacted(after, { bytes: 4_096, needles: 0 }), true)
    assert.equal((await rowOf(under, lease)).state, 'retired')
  })

  about('of several rewritings of a volume one counts, and what does not count is garbage', async (under) => {
    const { directory } = under
    const row = await sealed(under)
    const [first, second] = [await directory.beginRewrite(row, 0), await directory.beginRewrite(row, 3_600_000)]
    assert.deepEqual([first, second], [1, 2])
    assert.equal(await directory.finishRewrite(row, 2, { bytes: 7_000, needles: 3 }, 0), true)
    const merged = await rowOf(under, { ...row, leaseMs: 0 })
    assert.deepEqual([merged.state, merged.generation, merged.bytes], ['merged', 2, 7_000])
    assert.equal(await directory.finishRewrite(row, 1, { bytes: 7_000, needles: 3 }, 0), false)
    assert.equal(await directory.beginRewrite(row, 0), null)
    const due = (await directory.dueGarbage(1_000)).filter(({ volume }) => volume === row.volume)
    assert.deepEqual(
      due.map(({ generation }) => generation).toSorted((a, b) => a - b),
      [0, 1],
    )
    for (const { id } of due) await directory.collected(id)
    assert.deepEqual(
      (await directory.dueGarbage(1_000)).filter(({ volume }) => volume === row.volume),
      [],
    )
  })

  about('a rewriting that is being collected cannot count any more', async (under) => {
    const { directory } = under
    const row = await sealed(under)
    const generation = await directory.beginRewrite(row, 0)
    assert.ok(generation)
    const [due] = (await directory.dueGarbage(1_000)).filter(({ volume }) => volume === row.volume)
    assert.equal(due?.generation, generation)
    assert.equal(await directory.finishRewrite(row, generation, { bytes: 1, needles: 1 }, 0), false)
    assert.equal((await rowOf(under, { ...row, leaseMs: 0 })).generation, 0)
  })
}
