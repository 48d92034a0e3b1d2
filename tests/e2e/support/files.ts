import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Item } from '../../../api/item.ts'
import type { Fetcher } from './lint-hls.ts'

const run = promisify(execFile)

/** Fetches a file of an item and checks that it is what the item says. */
export async function fetchWhole(url: string): Promise<{ bytes: Buffer; type: string | null; headers: Headers; status: number }> {
  const response = await fetch(url)
  return {
    bytes: Buffer.from(await response.arrayBuffer()),
    type: response.headers.get('content-type'),
    headers: response.headers,
    status: response.status,
  }
}

/** Every rendition of an item, fetched, with the size and type that the item names. */
export async function fetchRenditions(item: Item): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for (const rendition of item.renditions) {
    const { bytes, type, status } = await fetchWhole(rendition.url)
    assert.equal(status, 200, rendition.url)
    assert.equal(bytes.byteLength, rendition.bytes, rendition.name)
    assert.equal(type, rendition.type, rendition.name)
    files.set(rendition.name, bytes)
  }
  return files
}

/** Every address a master playlist leads to: media playlists, init and media segments. */
export async function playlistTree(master: string): Promise<string[]> {
  const seen: string[] = []
  for (const playlist of await references(master)) {
    seen.push(playlist)
    seen.push(...(await references(playlist)))
  }
  return seen
}

async function references(url: string): Promise<string[]> {
  const text = (await fetchWhole(url)).bytes.toString()
  const uris = [...text.matchAll(/URI="([^"]+)"/g)].map((match) => match[1] ?? '')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return [...new Set([...uris, ...lines])].map((uri) => new URL(uri, url).href)
}

/** What exiftool finds in a file beyond its structure: groups that only metadata has. */
export async function metadataOf(exiftool: string, path: string): Promise<string[]> {
  const { stdout } = await run(exiftool, ['-G1', '-s', '-a', '-u', path])
  return stdout
    .split('\n')
    .filter((line) =>
      /^\[(EXIF|IFD\d|ExifIFD|GPS|XMP[^\]]*|IPTC|MakerNotes|Canon|Apple|Photoshop|JFIF-Ext|Keys|UserData|ItemList)\]/.test(line),
    )
}

/** Playlists, sizes and beginnings as they are served, each fetched once; `spoil` changes what playlists say. */
export function servedFiles(spoil: (text: string) => string = (text) => text): Fetcher {
  const files = new Map<string, Promise<Buffer>>()
  const fetched = (url: string) => {
    const file = files.get(url) ?? fetchWhole(url).then(({ bytes }) => bytes)
    files.set(url, file)
    return file
  }
  return {
    text: async (url) => spoil((await fetched(url)).toString()),
    whole: fetched,
    bytes: async (url) => (await fetched(url)).byteLength,
    head: async (url, offset) => (await fetched(url)).subarray(offset, offset + 16),
  }
}

/** Packets of the picture and of the sound that ffprobe reads through a manifest, of the first rung each. */
export async function framesOf(ffprobe: string, manifest: string): Promise<{ video: number; audio: number }> {
  const count = async (stream: string) => {
    const wanted = ['-select_streams', stream, '-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0']
    const { stdout } = await run(ffprobe, ['-v', 'error', ...wanted, manifest])
    return Number.parseInt(stdout.trim(), 10)
  }
  return { video: await count('v:0'), audio: await count('a:0') }
}
