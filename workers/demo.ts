import { existsSync } from 'node:fs'
import { access, constants, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Item } from '../api/item.ts'
import { sayNone } from '../api/parameters.ts'
import type { CloudEvent } from '../domain/events.ts'
import type { Catalog } from '../domain/ports.ts'
import { presets } from '../domain/presets/index.ts'
import { toCloudEvent } from '../events/cloud-event.ts'
import { consumeEvents } from '../events/consume.ts'
import { need, type Tools } from '../infra/engines/tools.ts'
import { filters } from '../media/filters/index.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { makeSamplePhoto } from '../media/sample/photo.ts'
import { ApiRefusal, createApiClient } from './api-client.ts'
import { EVENT_SOURCE } from './control-part.ts'
import type { Instance, ShownItem } from './instance.ts'
import { SettingError } from './settings.ts'

/** An event that Kafka does not bring within this time is shown from the outbox. */
const EVENT_MS_MAX = 20_000

interface DemoOptions {
  readonly instance: Instance
  readonly catalog: Catalog
  readonly files: readonly string[]
  readonly filter: string | undefined
  readonly preset: string | undefined
  readonly tools: Tools
  readonly home: string
  readonly say: (line: string) => void
}

interface Sample {
  readonly label: string
  readonly bytes: Uint8Array
}

interface Shown {
  readonly items: readonly { readonly item: ShownItem; readonly label: string }[]
  /** Files that were refused at the door; said already. */
  readonly refused: number
  readonly from: string
}

/** Uploads samples (or the files named), follows each to its end, and gives every item with its event. */
export async function runDemo(options: DemoOptions): Promise<Shown> {
  const { instance, say } = options
  const events = await listen(options)
  const samples = options.files.length > 0 ? await Promise.all(options.files.map(readSample)) : await makeSamples(options)
  const client = createApiClient(instance.api, instance.apiKey)
  const items = await Promise.all(
    samples.map(async ({ label, bytes }) => {
      const show = progressLine(label, say)
      const accepted = await client
        .upload(bytes, 'application/octet-stream', { ...named('filter', options.filter), ...named('preset', options.preset) })
        .catch((error: unknown) => {
          if (!(error instanceof ApiRefusal)) throw error
          say(`${label} was refused: ${error.code}, ${error.message}`)
          return null
        })
      if (accepted === null) return null
      show(accepted)
      const item = await client.follow(accepted.id, show)
      const event = await events.of(item.id)
      return { label, item: event ? { ...item, event } : item }
    }),
  )
  await events.stop()
  const accepted = items.filter((item) => item !== null)
  return { items: accepted, refused: items.length - accepted.length, from: events.from }
}

const named = (name: 'filter' | 'preset', value: string | undefined) => (value === undefined ? {} : { [name]: value })

/** What can be told to be wrong before anything is started, in one sentence. Throws SettingError. */
export async function checkDemo({ files, filter, preset }: Pick<DemoOptions, 'files' | 'filter' | 'preset'>): Promise<void> {
  for (const [what, value, known] of [
    ['filter', filter, filters],
    ['preset', preset, presets],
  ] as const) {
    const names = known.map(({ name }) => name)
    if (value !== undefined && !names.includes(value)) throw new SettingError(sayNone(what, value, names))
  }
  for (const path of files) {
    const found = await stat(path).catch((error: unknown) => cannotRead(path, error))
    if (!found.isFile()) throw new SettingError(`${path} is no file.`)
    await access(path, constants.R_OK).catch((error: unknown) => cannotRead(path, error))
  }
}

function cannotRead(path: string, error: unknown): never {
  throw new SettingError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
}

async function readSample(path: string): Promise<Sample> {
  const bytes = await readFile(path).catch((error: unknown) => cannotRead(path, error))
  return { label: basename(path), bytes }
}

/** The samples, made once for a data folder. */
async function makeSamples({ tools, home, say }: DemoOptions): Promise<Sample[]> {
  const folder = join(home, 'samples')
  const photo = join(folder, 'photo.jpg')
  const clip = join(folder, 'clip.mp4')
  if (!existsSync(photo) || !existsSync(clip)) {
    say('making a sample photo (with GPS and orientation in its EXIF) and a sample clip (with sound)')
    const draft = await mkdtemp(join(home, 'samples-'))
    await Promise.all([
      makeSamplePhoto().then(async (bytes) => await writeFile(join(draft, 'photo.jpg'), bytes)),
      makeSampleClip({ ffmpeg: need(tools, 'ffmpeg'), target: join(draft, 'clip.mp4') }),
    ])
    await rm(folder, { recursive: true, force: true })
    await rename(draft, folder)
  }
  return [
    { label: 'sample photo', bytes: await readFile(photo) },
    { label: 'sample clip', bytes: await readFile(clip) },
  ]
}

/** Says each step of an item once. */
function progressLine(label: string, say: (line: string) => void): (item: Item) => void {
  let last = ''
  return ({ state, stage, progress }) => {
    const line = `${label}: ${state === 'processing' ? stage : state}${progress && state === 'processing' ? ` ${progress.done}/${progress.total} ${progress.unit}` : ''}`
    if (line !== last) say(line)
    last = line
  }
}

interface Events {
  readonly from: string
  of(id: string): Promise<CloudEvent | undefined>
  stop(): Promise<void>
}

/** The events of this run: consumed from Kafka where there is one, else looked up in the outbox. */
async function listen({ instance, catalog }: DemoOptions): Promise<Events> {
  const fromOutbox = async (id: string) => {
    const event = (await catalog.eventsOf(id as Parameters<Catalog['eventsOf']>[0])).at(-1)
    return event && toCloudEvent(event, EVENT_SOURCE)
  }
  if (instance.kafka.length === 0) return { from: 'from the outbox (there is no Kafka here)', of: fromOutbox, stop: async () => {} }
  const seen = new Map<string, CloudEvent>()
  const waiting = new Map<string, (event: CloudEvent) => void>()
  const abort = new AbortController()
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>()
  const consuming = consumeEvents({
    brokers: [...instance.kafka],
    topic: instance.topic,
    clientId: 'darkroom-demo',
    groupId: `darkroom-demo-${process.pid}-${Date.now()}`,
    // Later events only: a data folder that was used before has old ones.
    fromBeginning: false,
    logger: { warn: () => {} },
    signal: abort.signal,
    onReady,
    onUnreadable: () => {},
    onEvent: (event) => {
      seen.set(event.subject, event)
      waiting.get(event.subject)?.(event)
    },
  })
  await Promise.race([ready, consuming])
  return {
    from: `consumed from Kafka topic ${instance.topic}`,
    of: async (id) => {
      const known = seen.get(id)
      if (known) return known
      const { promise, resolve } = Promise.withResolvers<CloudEvent | undefined>()
      waiting.set(id, resolve)
      const timer = setTimeout(() => resolve(undefined), EVENT_MS_MAX)
      const event = await promise
      clearTimeout(timer)
      return event
    },
    stop: async () => {
      abort.abort()
      await consuming
    },
  }
}
