import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { BacklogView } from '../domain/backlog.ts'
import type { Part } from './part.ts'
import type { OnActivity } from './temporal-worker.ts'

/** Seconds: from a cached file to a chunk of a film. */
const BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300]
/** Whoever scrapes within this time of the one before is told the same. */
const BACKLOG_AGE_MS_MAX = 5_000

/** What a process counts, in Prometheus' form. */
export interface Metrics {
  onApiAnswer(seen: { readonly route: string; readonly status: number; readonly ms: number }): void
  onOriginAnswer(seen: { readonly status: number; readonly bytes: number; readonly ms: number }): void
  readonly onActivity: OnActivity
  /** What waits in the catalog is looked up when somebody scrapes. */
  watchBacklog(catalog: BacklogView): void
  text(): Promise<string>
}

export function createMetrics(): Metrics {
  const register = new Registry()
  const registers = [register]
  collectDefaultMetrics({ register })
  const answers = new Counter({
    name: 'darkroom_http_answers_total',
    help: 'Answers by server, route and status; status 0: the client had gone before',
    labelNames: ['server', 'route', 'status'],
    registers,
  })
  const answerSeconds = new Histogram({
    name: 'darkroom_http_answer_seconds',
    help: 'From the head of a request to the end of its answer',
    labelNames: ['server', 'route'],
    buckets: BUCKETS,
    registers,
  })
  const originBytes = new Counter({ name: 'darkroom_origin_bytes_total', help: 'Bytes of bodies that the origin has sent', registers })
  const activities = new Counter({
    name: 'darkroom_activities_total',
    help: 'Attempts at activities that ended here; code is empty where they went well',
    labelNames: ['activity', 'code'],
    registers,
  })
  const activitySeconds = new Histogram({
    name: 'darkroom_activity_seconds',
    help: 'Wall time of attempts at activities',
    labelNames: ['activity'],
    buckets: BUCKETS,
    registers,
  })
  let look = async () => {}
  return {
    onApiAnswer({ route, status, ms }) {
      answers.inc({ server: 'api', route, status })
      answerSeconds.observe({ server: 'api', route }, ms / 1000)
    },
    onOriginAnswer({ status, bytes, ms }) {
      answers.inc({ server: 'origin', route: '', status })
      answerSeconds.observe({ server: 'origin', route: '' }, ms / 1000)
      originBytes.inc(bytes)
    },
    onActivity({ name, code, ms }) {
      activities.inc({ activity: name, code: code ?? '' })
      activitySeconds.observe({ activity: name }, ms / 1000)
    },
    watchBacklog(catalog) {
      look = gaugeBacklog(catalog, registers)
    },
    async text() {
      await look()
      return await register.metrics()
    },
  }
}

/** Gauges over the whole house, not the process: scraped from one process, they are the same in each. */
function gaugeBacklog(catalog: BacklogView, registers: Registry[]): () => Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `darkroom_${name}`, help, labelNames, registers })
  const gauges = {
    items: gauge('items_waiting', 'Items without an outcome yet', ['state']),
    itemAge: gauge('items_oldest_seconds', 'How long the longest waiting of them has waited', ['state']),
    events: gauge('outbox_events', 'Events that are not in Kafka yet'),
    eventAge: gauge('outbox_oldest_seconds', 'How long the first of them has waited'),
    volumes: gauge('volumes', 'Volumes', ['state']),
    bytes: gauge('volume_bytes', 'Bytes of sealed volumes', ['state']),
    erased: gauge('volume_erased_bytes', 'Bytes in volumes that are erased and wait for a compaction', ['state']),
    up: gauge('catalog_up', 'Whether the catalog answered when it was asked for these'),
  }
  async function look(): Promise<void> {
    const backlog = await catalog.backlog().catch(() => null)
    gauges.up.set(backlog ? 1 : 0)
    if (!backlog) return
    for (const labelled of [gauges.items, gauges.itemAge, gauges.volumes, gauges.bytes, gauges.erased]) labelled.reset()
    for (const state of ['unstarted', 'processing', 'playable', 'erasing'] as const) {
      const { count = 0, oldestSeconds = 0 } = backlog.items.find((row) => row.state === state) ?? {}
      gauges.items.set({ state }, count)
      gauges.itemAge.set({ state }, oldestSeconds)
    }
    gauges.events.set(backlog.outbox.count)
    gauges.eventAge.set(backlog.outbox.oldestSeconds)
    for (const { state, count, bytes, bytesErased } of backlog.volumes) {
      gauges.volumes.set({ state }, count)
      gauges.bytes.set({ state }, bytes)
      gauges.erased.set({ state }, bytesErased)
    }
  }
  let lookedMs = -Infinity
  let looking: Promise<void> | null = null
  return async () => {
    if (performance.now() - lookedMs < BACKLOG_AGE_MS_MAX) return
    looking ??= look().finally(() => {
      looking = null
      lookedMs = performance.now()
    })
    await looking
  }
}

/** GET /metrics on a port of its own, which is not the one that apps and edges reach. */
export async function startMetricsServer(
  metrics: Metrics,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Part & { readonly port: number }> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end()
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    name: 'metrics',
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
