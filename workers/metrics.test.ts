import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backlog } from '../domain/backlog.ts'
import { createMetrics, startMetricsServer } from './metrics.ts'

const backlog: Backlog = {
  items: [{ state: 'processing', count: 3, oldestSeconds: 12.5 }],
  outbox: { count: 7, oldestSeconds: 90 },
  volumes: [{ state: 'sealed', count: 2, bytes: 2_000, bytesErased: 500 }],
}

/** The value of a series; undefined where there is none. */
function valueIn(text: string, series: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

test('metrics: answers and activities are counted by what an operator asks for', async () => {
  const metrics = createMetrics()
  metrics.onApiAnswer({ route: 'POST /v1/uploads', status: 202, ms: 30 })
  metrics.onApiAnswer({ route: 'POST /v1/uploads', status: 202, ms: 3_000 })
  metrics.onOriginAnswer({ status: 200, bytes: 1_000, ms: 1 })
  metrics.onActivity({ name: 'developImage', code: null, ms: 400 })
  metrics.onActivity({ name: 'developImage', code: 'STORAGE_FULL', ms: 400 })
  const text = await metrics.text()
  const uploads = 'server="api",route="POST /v1/uploads"'
  assert.equal(valueIn(text, `darkroom_http_answers_total{${uploads},status="202"}`), 2)
  assert.equal(valueIn(text, `darkroom_http_answer_seconds_bucket{le="0.1",${uploads}}`), 1)
  assert.equal(valueIn(text, 'darkroom_origin_bytes_total'), 1_000)
  assert.equal(valueIn(text, 'darkroom_activities_total{activity="developImage",code=""}'), 1)
  assert.equal(valueIn(text, 'darkroom_activities_total{activity="developImage",code="STORAGE_FULL"}'), 1)
})

test('metrics: what waits is looked up when it is asked for, and a catalog that is away is told as such', async () => {
  const metrics = createMetrics()
  let looks = 0
  metrics.watchBacklog({
    backlog: async () => {
      looks += 1
      return backlog
    },
  })
  assert.equal(looks, 0)
  const [text, other] = await Promise.all([metrics.text(), metrics.text()])
  assert.equal(looks, 1, 'two at once are one look')
  assert.equal(valueIn(other, 'darkroom_outbox_events'), 7)
  assert.equal(valueIn(text, 'darkroom_items_waiting{state="processing"}'), 3)
  assert.equal(valueIn(text, 'darkroom_items_oldest_seconds{state="processing"}'), 12.5)
  assert.equal(valueIn(text, 'darkroom_items_waiting{state="erasing"}'), 0)
  assert.equal(valueIn(text, 'darkroom_outbox_events'), 7)
  assert.equal(valueIn(text, 'darkroom_volume_erased_bytes{state="sealed"}'), 500)
  assert.equal(valueIn(text, 'darkroom_catalog_up'), 1)

  const blind = createMetrics()
  blind.watchBacklog({ backlog: () => Promise.reject(new Error('away')) })
  assert.equal(valueIn(await blind.text(), 'darkroom_catalog_up'), 0)
})

test('metrics: they are served at one address and nowhere else', async () => {
  const server = await startMetricsServer(createMetrics(), { host: '127.0.0.1', port: 0 })
  try {
    const base = `http://127.0.0.1:${server.port}`
    const answer = await fetch(`${base}/metrics`)
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.match(await answer.text(), /^# HELP process_cpu_seconds_total/m)
    assert.equal((await fetch(`${base}/`)).status, 404)
    assert.equal((await fetch(`${base}/metrics`, { method: 'POST' })).status, 404)
  } finally {
    await server.stop()
  }
})
