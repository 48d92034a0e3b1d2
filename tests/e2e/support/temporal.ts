import assert from 'node:assert/strict'
import { until } from './encoders.ts'

const RUN_MS_MAX = 60_000

/** As the Temporal UI asks its server. */
async function temporal(temporalUi: string | null, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const address = `${temporalUi}/api/v1/namespaces/default/${path}`
  const cookie = (await fetch(`${temporalUi}/api/v1/settings`)).headers.get('set-cookie')?.split(';', 1)[0] ?? ''
  const headers = { 'content-type': 'application/json', cookie, 'x-csrf-token': cookie.slice(cookie.indexOf('=') + 1) }
  const response = await fetch(address, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers })
  const text = await response.text()
  assert.ok(response.ok, `${path}: ${response.status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

/** How a workflow that has begun, or is about to, ends. */
export async function ended(ui: string | null, workflowId: string): Promise<string> {
  const closed = await until(async () => {
    const query = new URLSearchParams({ query: `WorkflowId = "${workflowId}" and ExecutionStatus != "Running"` })
    const { executions } = (await temporal(ui, `workflows?${query.toString()}`)) as { executions?: { status: string }[] }
    return executions?.[0]?.status ?? null
  }, RUN_MS_MAX)
  return closed ?? 'not ended'
}

export interface Closed {
  readonly status: string
  readonly result: unknown
}

/** Triggers a schedule, as an operator does by its button, and waits for the run that begins. */
export async function triggered(ui: string | null, schedule: string): Promise<Closed> {
  const before = await runsOf(ui, schedule)
  await temporal(ui, `schedules/${schedule}/patch`, { patch: { triggerImmediately: { overlapPolicy: 'SCHEDULE_OVERLAP_POLICY_SKIP' } } })
  const workflowId = await until(async () => (await runsOf(ui, schedule)).find((id) => !before.includes(id)) ?? null, RUN_MS_MAX)
  assert.ok(workflowId, `${schedule} began no run`)
  const status = await ended(ui, workflowId)
  const { history } = (await temporal(ui, `workflows/${workflowId}/history-reverse`)) as {
    history: { events: { workflowExecutionCompletedEventAttributes?: { result?: { payloads?: { data?: string }[] } } }[] }
  }
  const data = history.events[0]?.workflowExecutionCompletedEventAttributes?.result?.payloads?.[0]?.data
  return { status, result: data === undefined ? null : JSON.parse(Buffer.from(data, 'base64').toString()) }
}

async function runsOf(ui: string | null, schedule: string): Promise<string[]> {
  const { info } = (await temporal(ui, `schedules/${schedule}`)) as {
    info: { recentActions?: { startWorkflowResult: { workflowId: string } }[] }
  }
  return (info.recentActions ?? []).map(({ startWorkflowResult }) => startWorkflowResult.workflowId)
}
