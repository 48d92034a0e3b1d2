import { deleteQuota, getSpace, listSpace, listVolumes, putQuota, quotaParameters } from './admin-routes.ts'
import type { Handler } from './call.ts'
import { captionParameters, deleteCaptions, postCaptions } from './captions-route.ts'
import { mediaEvents } from './events-route.ts'
import { healthz, readyz } from './health-routes.ts'
import { deleteMedia, enhanceMedia, getFacts, getMedia, listMedia, retryMedia, similarMedia } from './media-routes.ts'
import { description, page, pageConfig, pageFile, problemType } from './page-routes.ts'
import { getPreviews, getUpload } from './previews-route.ts'
import { upload, uploadParameters } from './upload.ts'

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Segments in braces match any one segment and become parameters. Literal segments win over them by order. */
  readonly path: string
  /** `tenant`: only with an API key. `operator`: only with a key of those who run the house. */
  readonly access: 'tenant' | 'operator' | 'public'
  /** Parameters of the query; any other is refused. What only reads says nothing and passes over what it does not know. */
  readonly query?: readonly string[]
  readonly handler: Handler
}

/** Every route there is. GET routes answer HEAD too. */
export const routes: readonly Route[] = [
  { method: 'POST', path: '/v1/uploads', access: 'tenant', query: uploadParameters, handler: upload },
  { method: 'GET', path: '/v1/media', access: 'tenant', handler: listMedia },
  { method: 'GET', path: '/v1/media/{id}', access: 'tenant', handler: getMedia },
  { method: 'DELETE', path: '/v1/media/{id}', access: 'tenant', query: [], handler: deleteMedia },
  { method: 'POST', path: '/v1/media/{id}/retry', access: 'tenant', query: [], handler: retryMedia },
  { method: 'POST', path: '/v1/media/{id}/enhance', access: 'tenant', query: [], handler: enhanceMedia },
  { method: 'GET', path: '/v1/media/{id}/previews', access: 'tenant', handler: getPreviews },
  { method: 'GET', path: '/v1/media/{id}/upload', access: 'tenant', handler: getUpload },
  { method: 'GET', path: '/v1/media/{id}/facts', access: 'tenant', handler: getFacts },
  { method: 'POST', path: '/v1/media/{id}/captions', access: 'tenant', query: captionParameters, handler: postCaptions },
  { method: 'DELETE', path: '/v1/media/{id}/captions', access: 'tenant', query: captionParameters, handler: deleteCaptions },
  { method: 'GET', path: '/v1/media/{id}/similar', access: 'tenant', handler: similarMedia },
  { method: 'GET', path: '/v1/media/{id}/events', access: 'tenant', handler: mediaEvents },
  { method: 'GET', path: '/v1/space', access: 'tenant', handler: getSpace },
  { method: 'GET', path: '/v1/admin/volumes', access: 'operator', handler: listVolumes },
  { method: 'GET', path: '/v1/admin/space', access: 'operator', handler: listSpace },
  { method: 'PUT', path: '/v1/admin/quotas/{tenant}', access: 'operator', query: quotaParameters, handler: putQuota },
  { method: 'DELETE', path: '/v1/admin/quotas/{tenant}', access: 'operator', query: [], handler: deleteQuota },
  { method: 'GET', path: '/v1/openapi.json', access: 'public', handler: description },
  { method: 'GET', path: '/healthz', access: 'public', handler: healthz },
  { method: 'GET', path: '/readyz', access: 'public', handler: readyz },
  { method: 'GET', path: '/problems/{code}', access: 'public', handler: problemType },
  { method: 'GET', path: '/console/config.json', access: 'public', handler: pageConfig },
  { method: 'GET', path: '/console/{file}', access: 'public', handler: pageFile },
  { method: 'GET', path: '/photos/{id}', access: 'public', handler: page },
  { method: 'GET', path: '/volumes', access: 'public', handler: page },
  { method: 'GET', path: '/', access: 'public', handler: page },
]

export type Match =
  | { readonly found: true; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  /** `allow` is empty when the path itself is unknown. */
  | { readonly found: false; readonly allow: readonly string[] }

/** The route of a method and a path. Parameters are percent-decoded; what does not decode matches nothing. */
export function matchRoute(table: readonly Route[], method: string, path: string): Match {
  const wanted = method === 'HEAD' ? 'GET' : method
  const segments = path.split('/')
  const allow = new Set<string>()
  for (const route of table) {
    const params = paramsOf(route.path.split('/'), segments)
    if (!params) continue
    if (route.method === wanted) return { found: true, route, params }
    allow.add(route.method)
    if (route.method === 'GET') allow.add('HEAD')
  }
  return { found: false, allow: [...allow] }
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (!part.startsWith('{')) {
      if (part !== segment) return null
      continue
    }
    const value = decoded(segment)
    if (!value) return null
    params[part.slice(1, -1)] = value
  }
  return params
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}
