/** A pipeline that stands in for the workflows: walks items through their stages and serves what ffmpeg makes of them. */
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { MemoryCatalog, MemoryObjects } from '../../api/testing.ts'
import type { Starter } from '../../api/starter.ts'
import type { MediaId } from '../../domain/ids.ts'
import type { VariantMaker } from '../../domain/ports.ts'
import { variantName } from '../../domain/variant.ts'
import { mediaTypes, type FileExtension, type Manifest, type MediaRow, originalKey, type Rendition } from '../../domain/media.ts'

const run = promisify(execFile)

export interface MediaServer {
  readonly origin: string
  readonly files: Map<string, Uint8Array>
  close(): Promise<void>
}

/** Serves files of a map under another origin than the API's, as the real origin does. */
export async function startMediaServer(): Promise<MediaServer> {
  const files = new Map<string, Uint8Array>()
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const data = files.get(path)
    const type = mediaTypes[path.slice(path.lastIndexOf('.') + 1) as FileExtension] ?? 'application/octet-stream'
    response.writeHead(data ? 200 : 404, {
      'content-type': type,
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    })
    response.end(data)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

export interface PipelineOptions {
  readonly catalog: MemoryCatalog
  readonly objects: MemoryObjects
  readonly media: MediaServer
  readonly ffmpeg: string
  readonly ffprobe: string
  readonly folder: string
}

export interface FakePipeline {
  readonly starter: Starter
  readonly variants: VariantMaker
  /** Items wait before the named step from now on. */
  hold(): void
  /** Lets waiting items go on. */
  release(): void
  failures(): readonly unknown[]
}

/** The sample of the format's own description: what it shows does not matter here. */
const BLURHASH = 'LEHV6nWB2yk8pyo0adR*.7kCMdnj'
const CHUNKS = 5

const isPicture = ({ type }: Rendition) => type.startsWith('image/')

export function createFakePipeline(options: PipelineOptions): FakePipeline {
  const { catalog, objects, media, ffmpeg, ffprobe, folder } = options
  const failures: unknown[] = []
  let gate: { readonly opened: Promise<void>; readonly open: () => void } | null = null

  const make = (args: readonly string[]) => run(ffmpeg, ['-v', 'error', '-y', ...args])

  async function sizeOf(path: string): Promise<{ width: number; height: number }> {
    const { stdout } = await run(ffprobe, [
      '-v',
      'error',
      '-select_streams',
      'v:0',
      '-show_entries',
      'stream=width,height',
      '-of',
      'csv=p=0',
      path,
    ])
    const [width = 0, height = 0] = stdout.trim().split(',').map(Number)
    return { width, height }
  }

  /** Stores a file under the item and gives its rendition. */
  async function serve(id: MediaId, path: string, name: string, width: number, height: number): Promise<Rendition> {
    const data = await readFile(path)
    media.files.set(`/m/${id}/${name}`, data)
    const type = mediaTypes[name.slice(name.lastIndexOf('.') + 1) as FileExtension]
    return { name, type, bytes: data.length, width, height, locator: { volume: 1, alt: 1, cookie: '0000000000000000' } }
  }

  async function ladder(id: MediaId, source: string, widths: readonly number[], prefix: string): Promise<Rendition[]> {
    const { width, height } = await sizeOf(source)
    const made: Rendition[] = []
    for (const wanted of widths.filter((candidate) => candidate <= width)) {
      for (const extension of ['jpg', 'webp']) {
        const name = `${prefix}${wanted}.${extension}`
        await make(['-i', source, '-frames:v', '1', '-vf', `scale=${wanted}:-2`, join(folder, `${id}-${name}`)])
        made.push(await serve(id, join(folder, `${id}-${name}`), name, wanted, Math.round((height * wanted) / width)))
      }
    }
    return made
  }

  async function image(row: MediaRow, source: string): Promise<Manifest> {
    const { width, height } = await sizeOf(source)
    return {
      kind: 'image',
      version: 1,
      width,
      height,
      blurhash: BLURHASH,
      parts: [],
      renditions: await ladder(row.id, source, [1440, 1080, 640, 320, 150], 'w'),
    }
  }

  async function video(row: MediaRow, source: string): Promise<Manifest> {
    const { width, height } = await sizeOf(source)
    const out = `${row.id}-hls`
    const rungs = [360, 240]
    const scaled = rungs.map((side, index) => `[0:v]scale=-2:${side}[v${index}]`).join(';')
    const codecs = '-map [v0] -map [v1] -map 0:a -c:v libx264 -preset ultrafast -g 25 -c:a aac'.split(' ')
    const packing = '-f hls -hls_time 1 -hls_playlist_type vod -hls_segment_type fmp4'.split(' ')
    const names = ['-hls_fmp4_init_filename', `${out}-%v-init.mp4`, '-hls_segment_filename', join(folder, `${out}-%v-%d.m4s`)]
    const variants = [
      '-master_pl_name',
      `${out}-master.m3u8`,
      '-var_stream_map',
      'a:0,agroup:sound,default:yes v:0,agroup:sound v:1,agroup:sound',
    ]
    await make(['-i', source, '-filter_complex', scaled, ...codecs, ...packing, ...names, ...variants, join(folder, `${out}-%v.m3u8`)])
    const renditions: Rendition[] = []
    for (const name of await readdir(folder)) {
      if (!name.startsWith(out)) continue
      const rung = /-([0-9])\.m3u8$/.exec(name)?.[1]
      const side = rungs[Number(rung) - 1]
      const file = await serve(
        row.id,
        join(folder, name),
        name,
        side === undefined ? width : Math.round((width * side) / height),
        side ?? height,
      )
      if (name.endsWith('master.m3u8') || side !== undefined) renditions.push(file)
    }
    const frame = join(folder, `${row.id}.png`)
    await make(['-ss', '1', '-i', source, '-frames:v', '1', frame])
    const posters = await ladder(row.id, frame, [640, 320], 'poster')
    const board = await storyboard(row.id, source)
    // While the item is playable its playlist is asked for under its alias.
    const master = Buffer.from(media.files.get(`/m/${row.id}/${out}-master.m3u8`) ?? []).toString()
    const absolute = master.replace(/^([^#\n].*)$/gm, `/m/${row.id}/$1`).replace(/URI="([^"]+)"/g, `URI="/m/${row.id}/$1"`)
    media.files.set(`/a/${row.id}/master.m3u8`, Buffer.from(absolute))
    return {
      kind: 'video',
      version: 1,
      width,
      height,
      durationMs: 4_000,
      blurhash: BLURHASH,
      parts: [],
      hls: `${out}-master.m3u8`,
      poster: posters[0]?.name ?? '',
      storyboard: board.name,
      renditions: [...posters, ...renditions, board],
    }
  }

  /** A picture a second on one sheet, with its index. */
  async function storyboard(id: MediaId, source: string): Promise<Rendition> {
    const [sheet, index] = [join(folder, `${id}-board.jpg`), join(folder, `${id}-board.vtt`)]
    await make(['-i', source, '-vf', 'fps=1,scale=160:90,tile=4x1', '-frames:v', '1', sheet])
    await serve(id, sheet, 'board.jpg', 640, 90)
    const cues = [0, 1, 2, 3].map((at) => `00:00:0${at}.000 --> 00:00:0${at + 1}.000\nboard.jpg#xywh=${at * 160},0,160,90\n`)
    await writeFile(index, `WEBVTT\n\n${cues.join('\n')}`)
    return await serve(id, index, 'board.vtt', 640, 90)
  }

  async function ingest(row: MediaRow): Promise<void> {
    const source = join(folder, row.id)
    await writeFile(source, objects.stored.get(originalKey(row.id)) ?? new Uint8Array())
    await catalog.setStage(row.id, 'admit')
    if (row.sourceBytes < 2_000) {
      const error = { code: 'MEDIA_CORRUPT', title: 'The file is damaged or incomplete.' } as const
      return catalog.settle(row.id, { state: 'rejected', error, event: { id: row.id, tenant: row.tenant, kind: row.kind, error } })
    }
    const manifest = await (row.kind === 'image' ? image(row, source) : video(row, source))
    for (let done = 0; done <= CHUNKS; done++) {
      if (done === 3) await gate?.opened
      await catalog.setStage(row.id, 'develop', { done, total: CHUNKS, unit: row.kind === 'image' ? 'renditions' : 'chunks' })
      if (done === 2) {
        const isVideo = row.kind === 'video'
        const { storyboard: _, ...early } = manifest
        await catalog.publish(
          row.id,
          isVideo ? { ...early, renditions: manifest.renditions.filter(isPicture) } : { ...early, renditions: [] },
          {},
        )
        if (isVideo) catalog.change(row.id, { state: 'playable' })
      }
    }
    await catalog.setStage(row.id, 'publish')
    await catalog.publish(row.id, manifest, { camera: 'Nikon FM2', takenAt: '2026-06-01T12:00:00' })
    await catalog.setStage(row.id, 'announce')
    catalog.change(row.id, { state: 'ready', stage: 'done' })
  }

  return {
    variants: {
      async make(row, variants) {
        const source = join(folder, row.id)
        for (const variant of variants) {
          const name = variantName(variant)
          const look =
            variant.filter === 'mono' ? ',hue=s=0' : variant.filter === 'sepia' ? ',colorchannelmixer=.4:.8:.2:0:.35:.7:.2:0:.3:.5:.1' : ''
          await make(['-i', source, '-frames:v', '1', '-vf', `scale=${variant.width}:-2${look}`, join(folder, `${row.id}-${name}`)])
          const height = Math.round((variant.width * (row.manifest?.height ?? 1)) / (row.manifest?.width ?? 1))
          const file = await serve(row.id, join(folder, `${row.id}-${name}`), name, variant.width, height)
          catalog.variants.set(`${row.id}.1/${name}`, file)
        }
      },
    },
    starter: {
      start: (row) => ingest(row).catch((error: unknown) => void failures.push(error)),
      async erase(row) {
        for (const path of media.files.keys()) if (path.startsWith(`/m/${row.id}/`)) media.files.delete(path)
        catalog.change(row.id, { stage: 'done' })
      },
      async enhance() {},

      async recaption() {},
      async ping() {},
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = { opened: promise, open: resolve }
    },
    release() {
      gate?.open()
      gate = null
    },
    failures: () => failures,
  }
}
