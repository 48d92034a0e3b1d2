import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker'
import { scenarios } from './scenarios.ts'

const folder = join(import.meta.dirname, 'histories')
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
let workflowBundle: WorkflowBundle

before(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, '../../workflows/index.ts'),
    logger: new DefaultLogger('ERROR'),
  })
})

function historyOf(name: string): { events: { eventType: string; [key: string]: unknown }[] } {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as { events: { eventType: string }[] }
}

for (const name of files) {
  test(`replay: the workflows of today go on with history ${name}`, async () => {
    await Worker.runReplayHistory({ workflowBundle }, historyOf(name), name)
  })
}

test('replay: every scenario has a recorded history', () => {
  assert.deepEqual(
    scenarios.filter((scenario) => !files.some((file) => file.startsWith(`${scenario.name}.`))).map((scenario) => scenario.name),
    [],
  )
})

test('replay: a history that the workflows could not have made is refused', async () => {
  const name = files.find((file) => file.startsWith('ingest-image-ready.'))
  assert.ok(name)
  const history = historyOf(name)
  const publish = history.events.find((event) => JSON.stringify(event['activityTaskScheduledEventAttributes'] ?? {}).includes('"publish"'))
  assert.ok(publish)
  const forged = JSON.parse(JSON.stringify(history).replaceAll('"publish"', '"print"')) as typeof history
  await assert.rejects(Worker.runReplayHistory({ workflowBundle }, forged, name), /[Nn]ondeterminism|DeterminismViolation/)
})
