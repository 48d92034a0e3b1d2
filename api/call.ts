import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Limits } from '../domain/limits.ts'
import type { Catalog, ObjectStore, VariantMaker, WorkflowWatch } from '../domain/ports.ts'
import type { MediaId } from '../domain/ids.ts'
import type { ConsoleAssets, ConsoleConfig } from './assets.ts'
import type { Gate } from './gate.ts'
import type { FileUrls } from './item.ts'
import type { Logger } from './logger.ts'
import type { Signals } from './signals.ts'
import type { Starter } from './starter.ts'

/** What the API needs of the catalog. */
export type ApiCatalog = Pick<
  Catalog,
  | 'tenantOfKey'
  | 'reserve'
  | 'release'
  | 'accept'
  | 'get'
  | 'recent'
  | 'facts'
  | 'beginErase'
  | 'similar'
  | 'variant'
  | 'retry'
  | 'space'
  | 'spaces'
  | 'setQuota'
  | 'overview'
  | 'onSignal'
  | 'ping'
>
/** What the API needs of the objects. */
export type ApiObjects = Pick<ObjectStore, 'put' | 'delete' | 'head' | 'list'>

/** A filter by its two names. */
export interface FilterName {
  /** In requests and answers. */
  readonly name: string
  /** For people. */
  readonly title: string
}

/** What handlers work with; made once. */
export interface Parts {
  readonly catalog: ApiCatalog
  readonly objects: ApiObjects
  readonly starter: Starter
  readonly variants: VariantMaker
  readonly workflows: WorkflowWatch
  readonly urls: FileUrls
  readonly newId: () => MediaId
  readonly limits: Limits
  readonly presets: readonly string[]
  readonly filters: readonly FilterName[]
  readonly consoleAssets: ConsoleAssets
  readonly consoleConfig: ConsoleConfig
  readonly logger: Logger
  /** What bounds the bodies in hand. */
  readonly uploads: Gate
  readonly signals: Signals
  /** Work that outlives its request: errors are logged, and closing waits for it. */
  readonly background: (event: string, id: MediaId, work: Promise<void>) => void
  /** Aborted when the API closes. */
  readonly closing: AbortSignal
}

/** One request, matched to its route. */
export interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly params: Readonly<Record<string, string>>
  readonly requestId: string
  /** Empty on public routes and on those of operators. */
  readonly tenant: string
  /** Sends 100 Continue where the client waits for it (RFC 9110, section 10.1.1). Called once, before the body is read. */
  readonly proceed: () => void
}

export interface Answer {
  readonly status: number
  readonly type: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** Gives the answer, or null when it has written the response itself. */
export type Handler = (call: Call, parts: Parts) => Promise<Answer | null>

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, type: 'application/json', headers, body: JSON.stringify(value) }
}
