import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import sharp from 'sharp'
import type { Item } from '../../api/item.ts'
import type { UploadView } from '../../api/previews-route.ts'
import { formatVariantPath, parseVariantPath } from '../../cdn/variant-path.ts'
import { limits } from '../../domain/limits.ts'
import { makeSamplePhoto } from '../../media/sample/photo.ts'
import { createApiClient, type ApiClient } from '../../workers/api-client.ts'
import { newHome, type RunningInstance, startInstance } from './support/instance.ts'
import { missing } from './support/tools.ts'

const skip = missing('postgresBin', 'temporal', 'ffmpeg')

let home: Awaited<ReturnType<typeof newHome>>
let running: RunningInstance
let client: ApiClient
let photo: Uint8Array

before(async () => {
  if (skip) return
  home = await newHome()
  photo = await makeSamplePhoto()
  running = await startInstance(home.path)
  client = createApiClient(running.instance.api, running.instance.apiKey)
})
after(async () => {
  await running?.stop()
  await home?.remove()
})

async function ready(preset: string): Promise<Item> {
  const { id } = await client.upload(photo, 'image/jpeg', { preset })
  const item = await client.follow(id, () => {})
  assert.equal(item.state, 'ready')
  return item
}
const base = (item: Item) => item.variants ?? ''
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
async function refusal(url: string): Promise<string> {
  const response = await fetch(url)
  const { code } = (await response.json()) as { code: string }
  return `${response.status} ${code}`
}
/** Runs of workflow `variants` that Temporal knows of. */
async function runs(id: string): Promise<number> {
  const query = encodeURIComponent(`WorkflowType = 'variants' AND mediaId = '${id}'`)
  const response = await fetch(`${running.instance.temporalUi}/api/v1/namespaces/default/workflow-count?query=${query}`)
  return Number(((await response.json()) as { count?: string }).count ?? 0)
}

test('variants: fifty requests at once are one making, and have the bytes that the ladder would have had', { skip }, async () => {
  const [item, eager] = await Promise.all([ready('standard'), ready('full')])
  const url = `${base(item)}w_640,f_auto`
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => await fetch(url, { headers: { accept: 'image/avif,image/webp,*/*;q=0.8' } })),
  )
  const bodies = await Promise.all(answers.map(bytesOf))
  const expected = await bytesOf(await fetch(eager.renditions.find(({ name }) => name === 'w640.avif')?.url ?? ''))
  for (const [index, answer] of answers.entries()) {
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'image/avif')
    assert.equal(answer.headers.get('vary'), 'Accept')
    assert.match(answer.headers.get('surrogate-key') ?? '', new RegExp(`^m-${item.id} m-${item.id}-v1$`))
    assert.ok(bodies[index]?.equals(expected), 'the very bytes of the eager rendition')
  }
  assert.equal(await runs(item.id), 1)
  const again = await fetch(url, { headers: { accept: 'image/avif', 'if-none-match': answers[0]?.headers.get('etag') ?? '' } })
  assert.equal(again.status, 304)
  const other = await fetch(url, { headers: { accept: 'image/webp' } })
  assert.deepEqual([other.headers.get('content-type'), await runs(item.id)], ['image/webp', 1], 'the ladder has it already')
  const box = await bytesOf(await fetch(`${base(item)}w_300,h_300,c_fill,f_jpeg`))
  const { width, height, exif } = await sharp(box).metadata()
  assert.deepEqual([width, height, exif], [300, 300, undefined])
})

test('variants: an item tells the sizes that may be asked for by everybody, and each can be', { skip }, async () => {
  const item = await ready('standard')
  const sizes = item.variantSizes ?? []
  assert.ok(sizes.length > 5 && sizes.some((size) => size.includes('x')))
  for (const size of sizes) {
    const [width, height] = size.split('x')
    const answer = await fetch(`${base(item)}w_${width}${height ? `,h_${height},c_fill` : ''},f_auto`)
    assert.equal(answer.status, 200, size)
    await answer.arrayBuffer()
  }
})

test('variants: a size that is not listed is refused unless its address is signed', { skip }, async () => {
  const item = await ready('standard')
  assert.equal(await refusal(`${base(item)}w_333,f_webp`), '403 VARIANT_REFUSED')
  assert.equal(await refusal(`${base(item)}w_800,f_png`), '400 VARIANT_INVALID')
  assert.equal(await refusal(`${base(item).replace(/\.[0-9a-f]{16}/, '.0000000000000000')}w_800,f_webp`), '404 BLOB_NOT_FOUND')
  const secret = (await readFile(join(home.path, 'variant-secret'), 'utf8')).trim()
  const { origin } = running.instance
  const parts = parseVariantPath(`${new URL(base(item)).pathname}w_333,q_auto,f_webp`, limits.variantSideMax)
  assert.ok(parts)
  const until = Math.floor(Date.now() / 1_000) + 600
  const signed = `${origin}${formatVariantPath(parts, { secret, scope: 'x', until })}`
  const { width } = await sharp(await bytesOf(await fetch(signed))).metadata()
  assert.equal(width, 333)
  assert.equal(await refusal(signed.replace('w_333', 'w_334')), '403 VARIANT_REFUSED')
})

test('variants: of an erased item they are gone like everything else, and none is made any more', { skip }, async () => {
  const item = await ready('standard')
  const url = `${base(item)}w_800,f_webp`
  const first = await fetch(url)
  assert.equal(first.status, 200)
  await first.arrayBuffer()
  await client.erase(item.id)
  // Its receipt: from then on nobody answers it.
  await until(item.id, ({ stage }) => stage === 'done')
  assert.equal(await refusal(url), '410 MEDIA_ERASED')
  assert.equal(await refusal(`${base(item)}w_480,f_webp`), '410 MEDIA_ERASED')
  assert.equal(await runs(item.id), 1)
})

test('variants: an enhanced photo is a new version of fewer bytes, and the addresses of the one before go on answering', {
  skip,
}, async () => {
  const item = await ready('standard')
  const headers = { authorization: `Bearer ${running.instance.apiKey}` }
  const enhance = async (id: string) => await fetch(`${running.instance.api}/v1/media/${id}/enhance`, { method: 'POST', headers })
  const alias = `${base(item)}w640.jpg`
  const old = await bytesOf(await fetch(alias))
  assert.equal((await enhance(item.id)).status, 202)
  assert.equal((await enhance(item.id)).status < 300, true, 'asking twice is asking once')
  // Whoever was told 202 follows until it is done.
  const told = await (await fetch(`${running.instance.api}/v1/media/${item.id}/events`, { headers })).text()
  const enhanced = JSON.parse(/.*^data: ([^\n]*)/ms.exec(told)?.[1] ?? '{}') as Item
  assert.equal(enhanced.enhanced, true)
  assert.deepEqual(
    enhanced.renditions.map(({ name }) => name),
    item.renditions.map(({ name }) => name),
  )
  const sum = ({ renditions }: Item) => renditions.reduce((total, { bytes }) => total + bytes, 0)
  assert.ok(sum(enhanced) < sum(item), `${sum(enhanced)} bytes after ${sum(item)}`)
  for (const { url } of [...item.renditions, ...enhanced.renditions]) assert.equal((await fetch(url)).status, 200, url)
  assert.match(enhanced.renditions[0]?.url ?? '', new RegExp(`/m/${item.id}\\.2/`))
  const now = await bytesOf(await fetch(alias))
  assert.ok(now.length < old.length, 'the alias leads to what is current')
  assert.equal((await enhance(item.id)).status, 200)
  assert.equal((await client.get(item.id)).state, 'ready')
})

test('variants: the owner sees what was uploaded, whole and without its look, and no address of a reader asks for it', {
  skip,
}, async () => {
  const headers = { authorization: `Bearer ${running.instance.apiKey}` }
  const address = `${running.instance.api}/v1/uploads?filter=moon&crop=pct:0,0,50,50`
  const { id } = (await (await fetch(address, { method: 'POST', headers, body: new Blob([new Uint8Array(photo)]) })).json()) as Item
  const item = await client.follow(id, () => {})
  assert.deepEqual([item.width, item.height], [800, 1200])
  const view = (await (await fetch(`${running.instance.api}/v1/media/${id}/upload`, { headers })).json()) as UploadView
  assert.deepEqual([view.width, view.height, view.source], [1080, 1620, { type: 'image/jpeg', bytes: photo.length }])
  const [shown, expected] = await Promise.all(
    [await bytesOf(await fetch(view.url)), photo].map(
      async (file) => await sharp(file).autoOrient().resize(60, 90, { fit: 'fill' }).removeAlpha().raw().toBuffer(),
    ),
  )
  const difference = (shown ?? Buffer.alloc(0)).reduce((sum, value, at) => sum + Math.abs(value - (expected?.[at] ?? 0)), 0) / (60 * 90 * 3)
  assert.ok(difference < 4, `${difference.toFixed(1)} of 255 a channel`)
  assert.match(await refusal(`${base(item)}upload-w1080.webp`), /^404 /)
})

test('variants: a photo that an origin is asked for often enough is enhanced by itself', { skip }, async () => {
  const item = await ready('standard')
  const [{ url } = { url: '' }] = item.renditions.toSorted((a, b) => a.bytes - b.bytes)
  // A window may end amid the reads: of twice as many one of two has enough.
  let left = 2 * limits.enhanceReadsMin
  const read = async () => {
    while (left-- > 0) await (await fetch(url)).arrayBuffer()
  }
  await Promise.all(Array.from({ length: 16 }, read))
  const enhanced = await until(item.id, (now) => now.enhanced === true)
  assert.match(enhanced.renditions[0]?.url ?? '', new RegExp(`/m/${item.id}\\.2/`))
  assert.equal((await fetch(url)).status, 200, 'what pages hold goes on answering')
})

/** What comes after an item is settled is not streamed. */
async function until(id: string, holds: (item: Item) => boolean): Promise<Item> {
  for (;;) {
    const item = await client.get(id)
    if (holds(item)) return item
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
