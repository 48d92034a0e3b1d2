import assert from 'node:assert/strict'
import { copyFile, mkdir, open, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeSamplePhoto } from '../../media/sample/photo.ts'
import { createApiClient, type ApiClient } from '../../workers/api-client.ts'
import { withoutKafka } from './support/encoders.ts'
import { fetchRenditions, fetchWhole } from './support/files.ts'
import { newHome, startInstance, type RunningInstance } from './support/instance.ts'
import { ended, triggered } from './support/temporal.ts'
import { missing, tools } from './support/tools.ts'

const skip = missing('postgresBin', 'temporal', 'ffmpeg')

let home: Awaited<ReturnType<typeof newHome>>
let running: RunningInstance
let client: ApiClient

before(async () => {
  if (skip) return
  home = await newHome()
  await mkdir(join(home.path, 'copies'))
  running = await startInstance(home.path, { ...withoutKafka(tools), VOLUME_COPIES: join(home.path, 'copies') })
  client = createApiClient(running.instance.api, running.instance.apiKey)
})

after(async () => {
  await running?.stop()
  await home?.remove()
})

async function erase(id: string): Promise<void> {
  const headers = { authorization: `Bearer ${running.instance.apiKey}` }
  assert.equal((await fetch(`${running.instance.api}/v1/media/${id}`, { method: 'DELETE', headers })).status, 202)
  assert.equal(await ended(running.instance.temporalUi, `erase:dev:${id}`), 'WORKFLOW_EXECUTION_STATUS_COMPLETED')
}

/** Files that the running process holds open although they have no name any more. */
async function heldWithoutName(): Promise<string[]> {
  const folder = `/proc/${running.child.pid}/fd`
  const targets = await Promise.all((await readdir(folder)).map(async (name) => await readlink(join(folder, name)).catch(() => '')))
  return targets.filter((target) => target.startsWith(home.path) && target.endsWith('(deleted)'))
}

test('volumes: what is erased gives its space back when the schedule is triggered, and the rest is answered as before', {
  skip,
}, async () => {
  const photo = await makeSamplePhoto()
  const items = await Promise.all(
    Array.from({ length: 6 }, async () => await client.follow((await client.upload(photo, 'image/jpeg')).id, () => {})),
  )
  const [kept, ...gone] = items
  assert.ok(kept)
  const before = await fetchRenditions(kept)
  for (const { id } of gone) await erase(id)

  const { status, result } = await triggered(running.instance.temporalUi, 'volumes-compact')
  assert.equal(status, 'WORKFLOW_EXECUTION_STATUS_COMPLETED')
  const { volumes, freedBytes } = result as { volumes: number; freedBytes: number }
  const goneBytes = gone.flatMap(({ renditions }) => renditions).reduce((sum, { bytes }) => sum + bytes, 0)
  assert.equal(volumes, 1)
  assert.ok(freedBytes >= goneBytes, `${freedBytes} bytes freed of ${goneBytes} erased`)
  const keptBytes = kept.renditions.reduce((sum, { bytes }) => sum + bytes, 0)
  assert.ok((await stat(join(home.path, 'volumes', '1.volume'))).size < keptBytes + 64 * 1024, 'the file is as small as what it keeps')
  assert.deepEqual(await heldWithoutName(), [], 'nobody holds the old file open')
  assert.deepEqual(await fetchRenditions(await client.get(kept.id)), before)
  for (const { renditions } of gone) assert.equal((await fetchWhole(renditions[0]?.url ?? '')).status, 410)
  assert.equal((await client.follow((await client.upload(photo, 'image/jpeg')).id, () => {})).state, 'ready', 'uploads go on')
})

test('volumes: a scrub finds what has rotted, repairs it from a copy, and its run says so', { skip }, async () => {
  const photo = await makeSamplePhoto()
  const item = await client.follow((await client.upload(photo, 'image/jpeg')).id, () => {})
  // What the last commit of an open volume has lost cannot be told from a torn commit: another one follows.
  await client.follow((await client.upload(photo, 'image/jpeg')).id, () => {})
  const rendition = item.renditions[0]
  assert.ok(rendition)
  const { bytes } = await fetchWhole(rendition.url)
  const volume = Number(/\/(\d+)\.\w+\.[0-9a-f]{16}\//.exec(rendition.url)?.[1])
  const path = join(home.path, 'volumes', `${volume}.volume`)
  await copyFile(path, join(home.path, 'copies', `${volume}.volume`))
  const content = await readFile(path)
  const at = content.lastIndexOf(bytes, content.lastIndexOf(bytes) - 1)
  assert.ok(at > 0)
  const file = await open(path, 'r+')
  await file.write(Uint8Array.of((bytes[100] ?? 0) ^ 1), 0, 1, at + 100)
  await file.close()
  assert.equal((await fetchWhole(rendition.url)).status, 500, 'what is bad is not served')

  const { status, result } = await triggered(running.instance.temporalUi, 'volumes-scrub')
  assert.equal(status, 'WORKFLOW_EXECUTION_STATUS_COMPLETED')
  assert.equal((result as { repaired: number }).repaired, 1)
  assert.deepEqual((await fetchWhole(rendition.url)).bytes, bytes)

  const key = (await readFile(join(home.path, 'operator-key'), 'utf8')).trim()
  const seen = await fetch(`${running.instance.api}/v1/admin/volumes?after=${volume - 1}&limit=1`, {
    headers: { authorization: `Bearer ${key}` },
  })
  const { volumes } = (await seen.json()) as { volumes: { volume: number; scrub: { found: number; repaired: number; quarantined: [] } }[] }
  const [told] = volumes
  assert.deepEqual([told?.volume, told?.scrub.found, told?.scrub.repaired, told?.scrub.quarantined], [volume, 1, 1, []])
})
