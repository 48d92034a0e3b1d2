import { errorTable, MediaError } from '../domain/errors.ts'
import { type Asset, consolePolicy } from './assets.ts'
import { type Answer, type Call, json, type Parts } from './call.ts'
import openapi from './openapi.json' with { type: 'json' }
import { problemPage } from './problem.ts'

/** GET /, GET /photos/{id} and GET /volumes: the console's page, which looks at its own address. It holds nothing of what it shows. */
export async function page(call: Call, parts: Parts): Promise<Answer> {
  return asset(call, parts.consoleAssets.get('index.html'), {
    'content-security-policy': consolePolicy(parts.consoleConfig.mediaOrigins),
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  })
}

/** GET /console/{file}: a script, style or icon of the page. */
export async function pageFile(call: Call, parts: Parts): Promise<Answer> {
  const name = call.params.file ?? ''
  return asset(call, name === 'index.html' ? undefined : parts.consoleAssets.get(name))
}

/** GET /console/config.json: what the page has to know of this installation. Nothing in it is secret. */
export async function pageConfig(_call: Call, parts: Parts): Promise<Answer> {
  const { limits, presets, filters, consoleConfig } = parts
  return json(200, {
    temporalUi: consoleConfig.temporalUi,
    presets,
    filters: filters.map(({ name }) => name),
    titles: Object.fromEntries(filters.map(({ name, title }) => [name, title])),
    // What a code means and what can be done: an item tells its error by code.
    errors: Object.fromEntries(Object.entries(errorTable).map(([code, { title, advice }]) => [code, { title, advice }])),
    limits: { uploadBytesMax: limits.uploadBytesMax, uploadImageBytesMax: limits.uploadImageBytesMax },
  })
}

/** GET /problems/{code}: what a problem's `type` refers to. */
export async function problemType(call: Call): Promise<Answer> {
  const body = problemPage(call.params.code ?? '')
  if (body === null) throw new MediaError('ROUTE_NOT_FOUND')
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    headers: { 'content-security-policy': "default-src 'none'", 'cache-control': 'public, max-age=3600' },
    body,
  }
}

/** GET /v1/openapi.json */
export async function description(): Promise<Answer> {
  return json(200, openapi, { 'cache-control': 'public, max-age=3600' })
}

function asset(call: Call, file: Asset | undefined, headers: Readonly<Record<string, string>> = {}): Answer {
  if (!file) throw new MediaError('ROUTE_NOT_FOUND')
  const caching = { etag: file.etag, 'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache' }
  if (call.request.headers['if-none-match'] === file.etag) return { status: 304, type: file.type, headers: caching, body: '' }
  return { status: 200, type: file.type, headers: { ...caching, ...headers }, body: file.body }
}
