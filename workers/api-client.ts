import type { Item } from '../api/item.ts'

/** The API as an app uses it: upload bytes, follow the item until it is settled. */
export interface ApiClient {
  upload(bytes: Uint8Array, type: string, options?: { readonly preset?: string; readonly filter?: string }): Promise<Item>
  /** Calls back with every change; resolves with the item in its final state. */
  follow(id: string, onChange: (item: Item) => void): Promise<Item>
  get(id: string): Promise<Item>
  erase(id: string): Promise<Item>
}

const final = new Set(['ready', 'rejected', 'failed', 'erased'])

/** An answer that is not what was asked for, with the problem's code and title where there is one. */
export class ApiRefusal extends Error {
  readonly code: string
  constructor(code: string, title: string) {
    super(title)
    this.code = code
  }
}

export function createApiClient(base: string, key: string): ApiClient {
  const headers = { authorization: `Bearer ${key}` }

  async function call(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(new URL(path, base), {
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string> | undefined) },
    })
    if (response.ok) return response
    const problem = (await response.json().catch(() => ({}))) as { code?: string; title?: string }
    throw new ApiRefusal(problem.code ?? 'INTERNAL', problem.title ?? `The API answered ${response.status}.`)
  }

  const get = async (id: string): Promise<Item> => (await (await call(`/v1/media/${id}`)).json()) as Item

  return {
    get,
    erase: async (id) => (await (await call(`/v1/media/${id}`, { method: 'DELETE' })).json()) as Item,
    async upload(bytes, type, { preset, filter } = {}) {
      const query = new URLSearchParams({ ...(preset ? { preset } : {}), ...(filter ? { filter } : {}) })
      const response = await call(`/v1/uploads?${query.toString()}`, {
        method: 'POST',
        body: new Blob([new Uint8Array(bytes)]),
        headers: { 'content-type': type },
      })
      return (await response.json()) as Item
    },
    async follow(id, onChange) {
      // The stream may be cut (a restart); the item itself says whether there is more to wait for.
      for (;;) {
        const response = await call(`/v1/media/${id}/events`, { headers: { accept: 'text/event-stream' } })
        for await (const item of itemsOf(response)) {
          onChange(item)
          if (final.has(item.state)) return item
        }
        const item = await get(id)
        if (final.has(item.state)) return item
      }
    },
  }
}

/** The items in a stream of server-sent events (WHATWG HTML, section 9.2.6): `data:` lines up to a blank one. */
async function* itemsOf(response: Response): AsyncGenerator<Item> {
  if (!response.body) return
  let pending = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    pending += text
    for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
      const data = pending
        .slice(0, end)
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n')
      pending = pending.slice(end + 2)
      if (data !== '') yield JSON.parse(data) as Item
    }
  }
}
