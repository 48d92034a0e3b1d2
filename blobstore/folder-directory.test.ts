import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFolderDirectory } from './folder-directory.ts'

test('folder directory: numbers are never given twice, holds outlive a restart with a higher epoch, sealed volumes do not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-directory-'))
  try {
    const [a, b] = await Promise.all([createFolderDirectory({ folder }), createFolderDirectory({ folder })])
    const allotted = await Promise.all([a.allot('a'), b.allot('b'), a.allot('a'), b.allot('b'), a.allot('a')])
    assert.deepEqual(
      allotted.map(({ volume }) => volume).toSorted((x, y) => x - y),
      [1, 2, 3, 4, 5],
    )
    const ofA = [allotted[0], allotted[2], allotted[4]].map((one) => one?.volume ?? 0).toSorted((x, y) => y - x)
    const newest = allotted.find(({ volume }) => volume === ofA[0])
    assert.ok(newest)
    assert.equal(await a.seal({ ...newest, epoch: 2 }, 123), false)
    assert.equal(await a.seal(newest, 123), true)
    assert.equal(await a.renew(newest), null)
    const again = await createFolderDirectory({ folder })
    assert.deepEqual(
      await again.openOf('a'),
      ofA.slice(1).map((volume) => ({ volume, epoch: 2, leaseMs: Number.POSITIVE_INFINITY })),
    )
    assert.deepEqual(await again.openOf('nobody'), [])
    assert.equal((await again.allot('a')).volume, 6)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('.')),
      [],
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
