import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Item } from '../../api/item.ts'
import type { CloudEvent, ReadyData } from '../../domain/events.ts'
import { limits } from '../../domain/limits.ts'
import { consumeEvents } from '../../events/consume.ts'
import { gif } from '../../media/image/specimens-animation.ts'
import { makeSampleClip } from '../../media/sample/clip.ts'
import { makeSamplePhoto } from '../../media/sample/photo.ts'
import { createApiClient, type ApiClient } from '../../workers/api-client.ts'
import { post } from './support/bodies.ts'
import { fetchRenditions, fetchWhole, framesOf, metadataOf, playlistTree, servedFiles } from './support/files.ts'
import { lintDash } from './support/lint-dash.ts'
import { lintHls } from './support/lint-hls.ts'
import { lintItem } from './support/lint-item.ts'
import { newHome, startInstance, type RunningInstance } from './support/instance.ts'
import { commandsLeftOf, descendants } from './support/processes.ts'
import { canaries, plant } from './support/suspects.ts'
import { missing, tools } from './support/tools.ts'

const skip = missing('postgresBin', 'temporal', 'ffmpeg', 'exiftool', 'java', 'kafkaLib')

let home: Awaited<ReturnType<typeof newHome>>
let running: RunningInstance
let client: ApiClient
let photo: Buffer
let clip: Buffer
const events = new Map<string, CloudEvent[]>()
const listening = new AbortController()
let consuming: Promise<void>

before(async () => {
  if (skip) return
  home = await newHome()
  photo = plant(await makeSamplePhoto())
  clip = await readFile(await makeSampleClip({ ffmpeg: tools.ffmpeg ?? '', target: join(home.path, 'clip.mp4'), seconds: 14 }))
  running = await startInstance(home.path)
  client = createApiClient(running.instance.api, running.instance.apiKey)
  const { kafka, topic } = running.instance
  const joined = Promise.withResolvers<void>()
  consuming = consumeEvents({
    brokers: [...kafka],
    topic,
    clientId: 'e2e',
    groupId: 'e2e',
    fromBeginning: true,
    logger: { warn: () => {} },
    signal: listening.signal,
    onReady: joined.resolve,
    onUnreadable: (error) => joined.reject(error),
    onEvent: (event) => void events.set(event.subject, [...(events.get(event.subject) ?? []), event]),
  })
  await Promise.race([joined.promise, consuming])
})

after(async () => {
  listening.abort()
  await consuming?.catch(() => {})
  await running?.stop()
  await home?.remove()
})

async function settled(bytes: Uint8Array, type = 'application/octet-stream'): Promise<Item> {
  const accepted = await client.upload(bytes, type)
  return await client.follow(accepted.id, () => {})
}

/** Events arrive after the state has changed; this awaits them, as a consumer would. */
async function eventOf(id: string): Promise<CloudEvent> {
  for (;;) {
    const event = events.get(id)?.at(-1)
    if (event) return event
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('embedded: a photo becomes a ladder, upright, with nothing of its metadata left in any rendition', { skip }, async () => {
  const item = await settled(photo, 'image/jpeg')
  assert.equal(item.state, 'ready')
  assert.match(item.blurhash ?? '', /^[0-9A-Za-z#$%*+,\-.:;=?@[\]^_{|}~]{6,}$/)
  assert.deepEqual(
    item.renditions.map(({ name }) => name),
    [1440, 1080, 640, 320, 150].flatMap((width) => [`w${width}.jpg`, `w${width}.webp`]),
  )
  assert.ok((item.height ?? 0) > (item.width ?? 0), 'orientation 6 turns the sample to portrait')
  for (const [name, bytes] of await fetchRenditions(item)) {
    for (const canary of canaries) assert.equal(bytes.includes(canary), false, `${canary} in ${name}`)
    assert.equal(bytes.includes('Exif\0\0'), false, name)
    const path = join(home.path, name)
    await writeFile(path, bytes)
    assert.deepEqual(await metadataOf(tools.exiftool ?? '', path), [], name)
  }
})

test('embedded: what the camera told is kept for the owner and told to nobody else', { skip }, async () => {
  const item = await settled(photo)
  const address = `${running.instance.api}/v1/media/${item.id}/facts`
  const facts = (await (await fetch(address, { headers: { authorization: `Bearer ${running.instance.apiKey}` } })).json()) as Record<
    string,
    unknown
  >
  assert.equal(typeof facts['latitude'], 'number')
  assert.equal((await fetch(address)).status, 401)
  const event = JSON.stringify(await eventOf(item.id))
  assert.equal(event.includes(String(facts['latitude'])), false)
  assert.equal(JSON.stringify(item).includes(String(facts['latitude'])), false)
})

test('embedded: a copy of a photo is found by its looks, and refused while they are on the block list', { skip }, async () => {
  const item = await settled(await makeSamplePhoto())
  const copy = (await fetchRenditions(item)).get('w640.jpg')
  assert.ok(copy)
  const authorization = { authorization: `Bearer ${running.instance.apiKey}` }
  const similar = await (
    await fetch(`${running.instance.api}/v1/media/${(await settled(copy)).id}/similar`, { headers: authorization })
  ).json()
  assert.ok((similar as { items: { item: Item }[] }).items.some((found) => found.item.id === item.id))
  const blocklist = (...args: string[]) =>
    execFileSync(process.execPath, ['workers/blocklist.main.ts', ...args], {
      env: { PATH: process.env['PATH'], DARKROOM_HOME: home.path },
      encoding: 'utf8',
    })
  const [, hash = ''] = /^added ([0-9a-f]{64})$/m.exec(blocklist('add', item.id, 'a', 'test')) ?? []
  try {
    assert.match(blocklist('ls'), new RegExp(`^${hash} .* a test$`, 'm'))
    const refused = await settled(copy)
    assert.deepEqual([refused.state, refused.error?.code, refused.renditions], ['rejected', 'MEDIA_BLOCKED', []])
  } finally {
    blocklist('remove', hash)
  }
  assert.equal((await settled(copy)).state, 'ready')
})

test('embedded: an animated GIF is a picture beside which lies its loop, and the event says so', { skip }, async () => {
  const frames = [0, 1, 2].map((colour) => ({ width: 96, height: 64, delay: 20, colour }))
  const item = await settled(gif(96, 64, frames, { loops: 4 }), 'image/gif')
  assert.deepEqual([item.state, item.kind, item.width, item.height], ['ready', 'image', 96, 64])
  assert.deepEqual({ ...item.motion, url: '' }, { kind: 'animation', url: '', durationMs: 600, loops: 5 })
  assert.ok(item.renditions.some(({ url, type }) => url === item.poster && type === 'image/jpeg'))
  const event = (await eventOf(item.id)).data as ReadyData
  assert.deepEqual(event.motion, item.motion)
  const loop = await fetch(item.motion?.url ?? '')
  assert.deepEqual([loop.status, loop.headers.get('content-type')], [200, 'video/mp4'])
  const path = join(home.path, 'loop.mp4')
  await writeFile(path, Buffer.from(await loop.arrayBuffer()))
  assert.deepEqual(await metadataOf(tools.exiftool ?? '', path), [])
})

test('embedded: a photo and its movie sent in one body are a picture with its clip, the place in neither', { skip }, async () => {
  const item = await settled(Buffer.concat([photo, clip]), 'image/jpeg')
  assert.deepEqual([item.state, item.kind, item.motion?.kind, item.motion?.loops], ['ready', 'image', 'clip', 1])
  for (const [name, bytes] of await fetchRenditions(item))
    for (const canary of canaries) assert.equal(bytes.includes(canary), false, `${canary} in ${name}`)
})

test('embedded: a clip becomes an HLS ladder of which every address answers, with a poster', { skip }, async () => {
  const { id } = await client.upload(clip, 'video/mp4')
  const captioned = await fetch(`${running.instance.api}/v1/media/${id}/captions?language=de`, {
    method: 'POST',
    body: 'WEBVTT\n\n00:05.000 --> 00:07.000\nHallo\n',
    headers: { authorization: `Bearer ${running.instance.apiKey}` },
  })
  assert.equal(captioned.status, 202)
  const item = await client.follow(id, () => {})
  assert.equal(item.state, 'ready')
  assert.ok(Math.abs((item.durationMs ?? 0) - 14_000) < 100)
  await fetchRenditions(item)
  const addresses = await playlistTree(item.hls ?? '')
  assert.ok(addresses.some((address) => address.endsWith('audio.m3u8')))
  // Four rungs and their keyframes: playlist, init and five segments each; three of audio, and of captions, which have no init.
  assert.equal(addresses.length, 8 * 7 + 5 + 4)
  for (const address of addresses) assert.equal((await fetchWhole(address)).status, 200, address)
  assert.equal((await fetchWhole(item.poster ?? '')).type, 'image/jpeg')

  assert.deepEqual(await lintHls(item.hls ?? '', servedFiles()), [])
  const spoilt: [RegExp, string, RegExp][] = [
    [/,FRAME-RATE=[0-9.]+/, '', /no FRAME-RATE/],
    [/BANDWIDTH=(\d)/, 'BANDWIDTH=9$1', /BANDWIDTH is 9\d+, measured/],
    [/avc1\.640[0-9a-f]{3}/, 'avc1.640034', /level 34/],
    [/#EXT-X-I-FRAME-STREAM-INF.*\n/g, '', /no I-frame playlist/],
    [/BYTERANGE:(\d+)@0/, 'BYTERANGE:$1@1', /does not begin with a fragment/],
    [/#EXT-X-ENDLIST\n/, '', /not a finished VOD/],
    [/TARGETDURATION:6/, 'TARGETDURATION:5', /longer than the target/],
    [/EXTINF:6\.000000/, 'EXTINF:5.900000', /segment 1 is 6 s long, said to be 5.9/],
    [/\n([^#\n]*-16\.m4s)/, '\n$1\n#EXTINF:6.000000,\n$1', /begins at \d+ where \d+ was due/],
  ]
  for (const [pattern, by, fault] of spoilt)
    assert.match(
      (
        await lintHls(
          item.hls ?? '',
          servedFiles((text) => text.replace(pattern, by)),
        )
      ).join('; '),
      fault,
    )

  assert.deepEqual(await lintDash(item.dash ?? '', servedFiles()), [])
  const spoiltDash: [RegExp, string, RegExp][] = [
    [/ bandwidth="(\d)/, ' bandwidth="9$1', /bandwidth is 9\d+, measured/],
    [/<SegmentURL media="[^"]+"\/>/, '', /segments with \d lengths[\s\S]*said to at/],
    [/ codecs="[^"]+"/, '', /no codecs/],
    [/d="6000000"/, 'd="5900000"', /begins at [\d.]+ s, said to at/],
  ]
  for (const [pattern, by, fault] of spoiltDash)
    assert.match(
      (
        await lintDash(
          item.dash ?? '',
          servedFiles((text) => text.replace(pattern, by)),
        )
      ).join('; '),
      fault,
    )

  const board = await fetchWhole(item.storyboard ?? '')
  assert.equal(board.type, 'text/vtt')
  const [sheet = ''] = /\S+\.jpg/.exec(board.bytes.toString()) ?? []
  assert.equal((await fetchWhole(new URL(sheet, item.storyboard).href)).type, 'image/jpeg')

  assert.deepEqual(
    item.captions?.map(({ language, label }) => [language, label]),
    [['de', 'German']],
  )
  const cues = '\n00:00:05.000 --> 00:00:07.000\nHallo\n'
  assert.equal((await fetchWhole(item.captions?.[0]?.url ?? '')).bytes.toString(), `WEBVTT\n${cues}`)
  for (const address of addresses.filter((name) => /captions-de\.[01]\.vtt$/.test(name)))
    assert.ok((await fetchWhole(address)).bytes.toString().endsWith(cues), address)

  const captionsOf = async (method: 'POST' | 'DELETE', language: string, body?: string) => {
    const headers = { authorization: `Bearer ${running.instance.apiKey}` }
    const before = (await client.get(id)).hls
    const url = `${running.instance.api}/v1/media/${id}/captions?language=${language}`
    assert.equal((await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })).status, 202)
    for (;;) {
      const now = await client.get(id)
      if (now.hls !== before) return now
      await sleep(100)
    }
  }
  const later = await captionsOf('POST', 'pt-BR', 'WEBVTT\n\n00:01.000 --> 00:02.000\nOi\n')
  assert.deepEqual(
    later.captions?.map(({ language }) => language),
    ['de', 'pt-BR'],
  )
  assert.equal(later.captions?.[0]?.url, item.captions?.[0]?.url, 'what did not change keeps its address')
  assert.deepEqual(await lintItem(later), [])
  const all = await playlistTree(later.hls ?? '')
  assert.deepEqual(
    addresses.filter((address) => address !== item.hls && !all.includes(address)),
    [],
    'the picture and the sound keep their addresses',
  )
  const fewer = await captionsOf('DELETE', 'de')
  assert.deepEqual(
    fewer.captions?.map(({ language }) => language),
    ['pt-BR'],
  )
  assert.deepEqual(await lintItem(fewer), [])

  const kept = await fetch(item.mp4 ?? '', { headers: { range: 'bytes=4-7' } })
  assert.deepEqual([kept.status, await kept.text()], [206, 'ftyp'])
  const inOneFile = await framesOf(tools.ffprobe ?? '', item.mp4 ?? '')
  assert.deepEqual(inOneFile, { video: 14 * 30, audio: Math.ceil((14 * 48_000) / 1024) })

  const played = await framesOf(tools.ffprobe ?? '', item.dash ?? '')
  assert.deepEqual(played, { video: 14 * 30, audio: Math.ceil((14 * 48_000) / 1024) }, 'by DASH all of it can be read')
})

test('embedded: a film with two sounds offers both, in HLS and in DASH', { skip }, async () => {
  const film = join(home.path, 'two-sounds.mp4')
  const second = ['-f', 'lavfi', '-i', 'sine=f=700:d=3', '-map', '0', '-map', '1', '-t', '3', '-c:v', 'copy', '-c:a', 'aac']
  const languages = ['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger']
  execFileSync(tools.ffmpeg ?? '', ['-v', 'error', '-i', join(home.path, 'clip.mp4'), ...second, ...languages, film])
  const item = await settled(await readFile(film), 'video/mp4')
  assert.equal(item.state, 'ready')
  assert.deepEqual(item.sounds, [
    { label: 'English', language: 'en' },
    { label: 'German', language: 'de' },
  ])
  assert.deepEqual(await lintItem(item), [])
  const sounds = (await playlistTree(item.hls ?? '')).filter((address) => /audio(-1)?\.m3u8$/.test(address))
  assert.equal(sounds.length, 2)
  const spoilt = servedFiles((text) => text.replace('NAME="German"', 'NAME="English"').replace('DEFAULT=NO', 'DEFAULT=YES'))
  assert.match((await lintHls(item.hls ?? '', spoilt)).join('; '), /not one sound is the default; .*two sounds have one name/)
})

test('embedded: media.ready is consumed from Kafka with the renditions that the item has', { skip }, async () => {
  const item = await settled(photo)
  const event = await eventOf(item.id)
  assert.equal(event.type, 'media.ready')
  assert.equal(event.id, `${item.id}.1.media.ready`)
  const data = event.data as unknown as { renditions: { url: string }[] }
  assert.deepEqual(
    data.renditions.map(({ url }) => url),
    item.renditions.map(({ url }) => url),
  )
})

test('embedded: what is refused at the door is a problem with its code, and leaves nothing behind', { skip }, async () => {
  const before = await originals()
  const refusals = [
    { bytes: Buffer.alloc(0), type: 'image/jpeg', status: 400, code: 'UPLOAD_EMPTY' },
    { bytes: photo, type: 'image/png', status: 415, code: 'MEDIA_TYPE_MISMATCH' },
    { bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), type: 'image/svg+xml', status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' },
    { bytes: Buffer.concat([photo, Buffer.alloc(limits.uploadImageBytesMax)]), type: 'image/jpeg', status: 413, code: 'UPLOAD_TOO_LARGE' },
  ]
  for (const { bytes, type, status, code } of refusals) {
    const answer = await post(running.instance, bytes, type)
    assert.equal(answer.status, status, code)
    assert.equal(answer.type, 'application/problem+json')
    assert.equal(answer.body['code'], code)
  }
  assert.deepEqual(await originals(), before)
})

test('embedded: an edit that a file has no room for is told in numbers', { skip }, async () => {
  const { body } = await post(running.instance, photo, 'image/jpeg', '?crop=0,0,10,10')
  const { state, error } = await client.follow(String(body['id']), () => {})
  assert.deepEqual([state, error?.code, error?.detail?.includes('10 x 10')], ['rejected', 'EDIT_INVALID', true])
})
test('embedded: a truncated photo and a truncated clip end as rejected, with nothing left of them', { skip }, async () => {
  for (const bytes of [photo.subarray(0, photo.length / 2), clip.subarray(0, clip.length / 2)]) {
    const item = await settled(bytes)
    assert.equal(item.state, 'rejected')
    assert.equal(item.error?.code, 'MEDIA_CORRUPT')
    assert.deepEqual(item.renditions, [])
    assert.equal(
      (await originals()).some((name) => name.includes(item.id)),
      false,
    )
    assert.equal((await eventOf(item.id)).type, 'media.rejected')
  }
})

test('embedded: an erased item answers 410 everywhere and its original is gone', { skip }, async () => {
  const item = await settled(photo)
  const url = item.renditions[0]?.url ?? ''
  assert.equal((await fetchWhole(url)).status, 200)
  const erased = await fetch(`${running.instance.api}/v1/media/${item.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${running.instance.apiKey}` },
  })
  assert.equal(erased.status, 202)
  assert.equal(((await erased.json()) as Item).state, 'erased')
  for (;;)
    if (events.get(item.id)?.some(({ type }) => type === 'media.erased')) break
    else await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal((await fetchWhole(url)).status, 410)
  assert.equal(
    (await originals()).some((name) => name.includes(item.id)),
    false,
  )
})

test('embedded: killed with everything below it in mid-video, the next start, of another version, finishes by itself and serves what was acknowledged', {
  skip,
}, async () => {
  const done = await settled(photo)
  const caught = await client.upload(clip, 'video/mp4')
  await new Promise<void>((resolve) => {
    void client.follow(caught.id, (item) => item.progress?.unit === 'chunks' && resolve()).catch(() => {})
  })
  await running.kill()
  // As after an upgrade: the version of the workers that began it is there no more.
  running = await startInstance(home.path, { BUILD_ID: 'the-next-release' })
  client = createApiClient(running.instance.api, running.instance.apiKey)
  const item = await client.follow(caught.id, () => {})
  assert.equal(item.state, 'ready')
  for (const address of await playlistTree(item.hls ?? '')) assert.equal((await fetchWhole(address)).status, 200, address)
  assert.deepEqual(await lintItem(item), [])
  await fetchRenditions(await client.get(done.id))
})

test('embedded: a second start on the same data folder ends with one sentence', { skip }, async () => {
  await assert.rejects(startInstance(home.path), (error: Error) => {
    const sentence = error.message.replace(/^.*before it was ready: /, '')
    assert.match(sentence, /in use|running/)
    assert.equal(sentence.trim().split('\n').length, 1, sentence)
    return true
  })
})

test('embedded: after SIGTERM no process of ours is left', { skip }, async () => {
  assert.ok(descendants(running.child.pid ?? 0).length > 3)
  assert.equal(await running.stop(), 0)
  assert.deepEqual(await commandsLeftOf(home.path), [])
})

async function originals(): Promise<string[]> {
  const names = await readdir(join(home.path, 'objects'), { recursive: true }).catch(() => [])
  return names.filter((name) => /originals.*\w{13}/.test(name)).toSorted()
}
