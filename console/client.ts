import type { VolumePage } from '../api/admin-routes.ts'
import type { Item } from '../api/item.ts'
import type { Preview, UploadView } from '../api/previews-route.ts'
import type { Problem } from '../api/problem.ts'
import type { PrivateFacts } from '../domain/media.ts'

export interface Config {
  readonly temporalUi: string | null
  readonly presets: readonly string[]
  readonly filters: readonly string[]
  /** What people call a filter, by its name. */
  readonly titles: Readonly<Record<string, string>>
  /** By code: what it means, what can be done. */
  readonly errors: Readonly<Record<string, { readonly title: string; readonly advice: string }>>
  readonly limits: { readonly uploadBytesMax: number; readonly uploadImageBytesMax: number }
}

/** What the person is told of a failure. */
export class Refusal extends Error {
  readonly code: string
  readonly advice: string
  constructor(code: string, title: string, advice: string) {
    super(title)
    this.code = code
    this.advice = advice
  }
}

/** What is to be done to a file, as parameters of its upload; empty ones are left out. */
export type Choice = Readonly<Record<string, string>>

export interface Client {
  recent(limit: number): Promise<Item[]>
  item(id: string): Promise<Item>
  facts(id: string): Promise<PrivateFacts>
  /** A photo in every filter there is. */
  previews(id: string): Promise<readonly Preview[]>
  /** What was uploaded, as a picture. */
  uploadView(id: string): Promise<UploadView>
  /** A failed item goes the whole way again. */
  retry(id: string): Promise<Item>
  erase(id: string): Promise<Item>
  /** Volumes by number, those after `after`; with an operator's key. */
  volumes(after: number): Promise<VolumePage>
  /** `choice` are the upload's parameters; `onFraction` hears 0..1 of the bytes sent. */
  upload(file: File, choice: Choice, onFraction: (fraction: number) => void): Promise<Item>
  /** Calls back with every change until the last one, coming back after a break. */
  follow(id: string, onItem: (item: Item) => void, signal: AbortSignal): Promise<void>
}

const offline = () => new Refusal('OFFLINE', 'The server does not answer.', 'Check the connection and try again.')

function refusalOf(text: string, status: number): Refusal {
  try {
    const problem = JSON.parse(text) as Problem
    const detail = problem.detail === problem.title ? '' : `${problem.detail} `
    return new Refusal(problem.code, problem.title, detail + problem.advice)
  } catch {
    return new Refusal('INTERNAL', `The server answered ${status}.`, 'Try again later.')
  }
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch('/console/config.json')
  if (!response.ok) throw refusalOf(await response.text(), response.status)
  return (await response.json()) as Config
}

/** The API with a key. `onKeyRefused` hears of every answer 401. */
export function createClient(key: string, onKeyRefused: () => void): Client {
  const authorization = `Bearer ${key}`

  async function call(
    path: string,
    init: Omit<RequestInit, 'headers'> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const response = await fetch(path, { ...init, headers: { ...headers, authorization } }).catch((error: unknown) => {
      throw init.signal?.aborted ? error : offline()
    })
    if (response.ok) return response
    if (response.status === 401) onKeyRefused()
    throw refusalOf(await response.text(), response.status)
  }

  return {
    recent: async (limit) => ((await (await call(`/v1/media?limit=${limit}`)).json()) as { items: Item[] }).items,
    item: async (id) => (await (await call(`/v1/media/${id}`)).json()) as Item,
    uploadView: async (id) => (await (await call(`/v1/media/${id}/upload`)).json()) as UploadView,
    previews: async (id) => ((await (await call(`/v1/media/${id}/previews`)).json()) as { previews: Preview[] }).previews,
    facts: async (id) => (await (await call(`/v1/media/${id}/facts`)).json()) as PrivateFacts,
    retry: async (id) => (await (await call(`/v1/media/${id}/retry`, { method: 'POST' })).json()) as Item,
    erase: async (id) => (await (await call(`/v1/media/${id}`, { method: 'DELETE' })).json()) as Item,
    volumes: async (after) => (await (await call(`/v1/admin/volumes?after=${after}`)).json()) as VolumePage,

    // fetch tells nothing of how much has been sent; XMLHttpRequest does.
    upload: (file, choice, onFraction) =>
      new Promise((resolve, reject) => {
        const query = new URLSearchParams(Object.entries(choice).filter(([, value]) => value !== ''))
        const request = new XMLHttpRequest()
        request.open('POST', `/v1/uploads?${query}`)
        request.setRequestHeader('authorization', authorization)
        // The bytes tell the type; a wrong guess of the system's must not stand in the way.
        request.setRequestHeader('content-type', 'application/octet-stream')
        request.upload.addEventListener('progress', (event) => onFraction(event.total > 0 ? event.loaded / event.total : 0))
        request.addEventListener('error', () => reject(offline()))
        request.addEventListener('load', () => {
          if (request.status === 202) return resolve(JSON.parse(request.responseText) as Item)
          if (request.status === 401) onKeyRefused()
          reject(refusalOf(request.responseText, request.status))
        })
        request.send(file)
      }),

    async follow(id, onItem, signal) {
      let revision = ''
      let failures = 0
      while (!signal.aborted) {
        try {
          const response = await call(`/v1/media/${id}/events`, { signal }, revision === '' ? {} : { 'last-event-id': revision })
          if (response.status === 204 || !response.body) return
          let last: Item | null = null
          for await (const message of messagesOf(response.body)) {
            failures = 0
            revision = message.id
            last = JSON.parse(message.data) as Item
            onItem(last)
          }
          if (last && isSettled(last)) return
        } catch (error) {
          if (signal.aborted) return
          if (error instanceof Refusal && ['UNAUTHENTICATED', 'MEDIA_NOT_FOUND'].includes(error.code)) throw error
          failures += 1
        }
        await new Promise((resolve) => setTimeout(resolve, Math.min(8_000, 500 * 2 ** failures)))
      }
    },
  }
}

/** Nothing more will be told of the item; an erasure is told of until its receipt. */
export function isSettled(item: Item): boolean {
  return ['ready', 'rejected', 'failed'].includes(item.state) || (item.state === 'erased' && item.stage === 'done')
}

/** Server-sent events with data (HTML Standard, section 9.2.6), as far as our server uses them. */
async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{ id: string; data: string }> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let pending = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    pending += value
    const blocks = pending.split('\n\n')
    pending = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
      const data = fields.get('data')
      if (data !== undefined) yield { id: fields.get('id') ?? '', data }
    }
  }
}
