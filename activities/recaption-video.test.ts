import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createMemoryBlobStore } from '../blobstore/memory.ts'
import { altOf, altPlaces } from '../domain/alt.ts'
import { masterPlaylist } from '../domain/hls.ts'
import { keyOf, type MediaId } from '../domain/ids.ts'
import { captionsKey, type Manifest, mediaTypes } from '../domain/media.ts'
import { createMemoryObjectStore } from '../objects/memory.ts'
import type { AssembleDeps } from './assemble-video.ts'
import { must } from './draft.ts'
import { type Recaptioned, recaptionVideo } from './recaption-video.ts'

const id = '01kq8z4v7g0j0' as MediaId
const input = { mediaId: id, tenant: 'acme' }
const vtt = (text: string) => new TextEncoder().encode(`WEBVTT\n\n00:05.000 --> 00:06.000\n${text}\n`)

/** A finished film whose first four seconds were cut off, with a master and no captions. */
async function world() {
  const blobs = await createMemoryBlobStore()
  const objects = createMemoryObjectStore()
  const rung = { uri: '../1/a.m3u8', width: 2, height: 2, fps: 25, codecs: 'avc1.42c00a', bandwidth: 1, averageBandwidth: 1 }
  const master = new TextEncoder().encode(masterPlaylist({ rungs: [rung] }))
  const [locator] = await blobs.append([{ key: keyOf(id), alt: altOf(1, altPlaces.master), data: master }])
  const whole = { name: 'master.m3u8', type: mediaTypes.m3u8, width: 2, height: 2, bytes: master.byteLength, locator: must(locator) }
  let manifest: Manifest = {
    kind: 'video',
    version: 1,
    width: 2,
    height: 2,
    blurhash: '',
    durationMs: 10_000,
    renditions: [whole],
    parts: [],
    hls: 'master.m3u8',
    captionsOffsetMs: -4_000,
  }
  /** Let through one by one: what a late attempt waits for. */
  let gate = Promise.resolve()
  const catalog = {
    get: async () => ({ id, tenant: 'acme', kind: 'video', state: 'ready', version: 1, manifest }),
    amend: async (_: MediaId, next: Manifest, revision: number) => {
      await gate
      if ((manifest.captionChanges?.revision ?? 0) !== revision) return false
      manifest = next
      return true
    },
  }
  const run = recaptionVideo({ catalog, objects, blobs } as unknown as AssembleDeps)
  return {
    objects,
    close: (until: Promise<void>) => (gate = until),
    attempt: async (attempt: number): Promise<Recaptioned> =>
      await new MockActivityEnvironment({ attempt }).run(async () => await run(input)),
    text: async (name: string) => {
      const file = must(manifest.renditions.find((candidate) => candidate.name === name))
      return Buffer.from((await blobs.read(keyOf(id), file.locator)).data).toString()
    },
    languages: () => manifest.captions?.map(({ language }) => language) ?? [],
  }
}

test('recaption: captions follow the clock of the film, and what has not changed is stored once', async () => {
  const { objects, attempt, text, languages } = await world()
  await objects.put(captionsKey(id, 'de', 'given'), vtt('Hallo'))
  assert.deepEqual(await attempt(1), { outcome: 'changed', tracks: 1 })
  assert.match(await text('master.m3u8'), /LANGUAGE="de"/)
  assert.match(await text('captions-de.vtt'), /00:00:01\.000 --> 00:00:02\.000\nHallo/)
  assert.deepEqual(await attempt(1), { outcome: 'same', tracks: 1 })
  await objects.delete(captionsKey(id, 'de', 'given'))
  assert.deepEqual(await attempt(1), { outcome: 'changed', tracks: 0 })
  assert.deepEqual(languages(), [])
  assert.doesNotMatch(await text('master.m3u8'), /SUBTITLES/)
})

test('recaption: an attempt that was given up and goes on late changes nothing that a later one has made', async () => {
  const { objects, attempt, close, text, languages } = await world()
  await objects.put(captionsKey(id, 'de', 'given'), vtt('Hallo'))
  const open = Promise.withResolvers<void>()
  close(open.promise)
  const late = attempt(1)
  // Its playlists are stored by now, or will be beside those of the next attempt: neither is in the other's place.
  close(Promise.resolve())
  await objects.put(captionsKey(id, 'fr', 'given'), vtt('Salut'))
  const second = await attempt(2)
  open.resolve()
  const outcomes = [second.outcome, (await late).outcome].toSorted()
  assert.deepEqual(outcomes, ['changed', 'unfinished'])
  assert.match(await text('master.m3u8'), new RegExp(`LANGUAGE="${languages()[0]}"`))
  for (const language of languages()) assert.match(await text(`captions-${language}.vtt`), /-->/)
})
