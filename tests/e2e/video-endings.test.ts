import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeSampleClip } from '../../media/sample/clip.ts'
import { createApiClient, type ApiClient } from '../../workers/api-client.ts'
import { encodersOf, leftInScratch, until, withoutKafka } from './support/encoders.ts'
import { fetchWhole, playlistTree } from './support/files.ts'
import { newHome, startInstance, type RunningInstance } from './support/instance.ts'
import { lintItem } from './support/lint-item.ts'
import { missing, tools } from './support/tools.ts'

const skip = missing('postgresBin', 'temporal', 'ffmpeg') || (process.platform !== 'linux' && 'children are found through /proc')
/** From the answer to DELETE until no encoder of the item is left. */
const STOPPED_MS_MAX = 5_000
const PATIENCE_MS = 120_000

let home: Awaited<ReturnType<typeof newHome>>
let running: RunningInstance
let client: ApiClient
let clip: Buffer

before(async () => {
  if (skip) return
  home = await newHome()
  clip = await readFile(await makeSampleClip({ ffmpeg: tools.ffmpeg ?? '', target: join(home.path, 'clip.mp4'), seconds: 24 }))
  running = await startInstance(home.path, withoutKafka(tools))
  client = createApiClient(running.instance.api, running.instance.apiKey)
})

after(async () => {
  await running?.stop()
  await home?.remove()
})

/** Uploads the clip and waits until a chunk of it is done and others are at work. */
async function caughtEncoding(): Promise<string> {
  const { id } = await client.upload(clip, 'video/mp4')
  const some = await until(
    async () => ((await client.get(id)).progress?.unit === 'chunks' ? await encodersOf(home.path) : null),
    PATIENCE_MS,
  )
  assert.ok(some)
  return id
}

const nothingRuns = async () => ((await encodersOf(home.path)).length === 0 ? true : null)

test('video: erased in mid-encode, its encoders are gone within five seconds and nothing of it is left', { skip }, async () => {
  const id = await caughtEncoding()
  const answer = await fetch(`${running.instance.api}/v1/media/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${running.instance.apiKey}` },
  })
  assert.equal(answer.status, 202)
  assert.ok(await until(nothingRuns, STOPPED_MS_MAX), 'encoders still run')
  const originals = async () =>
    (await readdir(join(home.path, 'objects'), { recursive: true })).filter((name) => name.includes(id)).length === 0 ? true : null
  assert.ok(await until(originals, PATIENCE_MS), 'the original is still there')
  assert.deepEqual(await leftInScratch(home.path), [])
  assert.deepEqual(await encodersOf(home.path), [], 'none was started again')
  const witness = `${running.instance.origin}/m/${id}.1/1.1.0000000000000000/witness.jpg`
  assert.equal((await fetchWhole(witness)).status, 410)
})

test('video: an encoder that is killed costs its chunk, not the video', { skip }, async () => {
  const id = await caughtEncoding()
  const victim = await until(async () => (await encodersOf(home.path))[0] ?? null, PATIENCE_MS)
  assert.ok(victim !== null, 'an encoder is at work')
  process.kill(victim, 'SIGKILL')
  const item = await client.follow(id, () => {})
  assert.equal(item.state, 'ready')
  for (const address of await playlistTree(item.hls ?? '')) assert.equal((await fetchWhole(address)).status, 200, address)
  assert.deepEqual(await lintItem(item), [])
  assert.deepEqual(await leftInScratch(home.path), [])
})
