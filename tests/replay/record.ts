/**
 * `npm run record-histories [-- STAMP [SCENARIO]]`: runs every scenario, or the one named, against a Temporal dev server and keeps the histories.
 * Run it when workflows change, and commit what it writes beside the histories that are there: old ones stay,
 * since workflows that began on them may still run.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { searchAttributeNames, taskQueues } from '../../domain/workflow-inputs.ts'
import { parseTools, need } from '../../infra/engines/tools.ts'
import { workflowBundle, type WorkflowBundle } from '../../workers/bundle.ts'
import { makeCurrent } from '../../workers/deployment.ts'
import { Parts } from '../../workers/part.ts'
import { startQueueWorker } from '../../workers/temporal-worker.ts'
import { answers, scenarios, type Scenario } from './scenarios.ts'

const temporal = need(parseTools(process.env['DARKROOM_TOOLS']), 'temporal')
const root = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, 'histories')
Runtime.install({ logger: new DefaultLogger('ERROR') })

/** The history as the CLI exports it for replay: Temporal's own JSON form. */
async function keep(address: string, workflowId: string, file: string): Promise<void> {
  const args = ['workflow', 'show', '--address', address, '--workflow-id', workflowId, '--output', 'json']
  const { stdout } = await promisify(execFile)(temporal, args, { maxBuffer: 64 * 1024 * 1024 })
  // Stack traces in failures carry the paths of whoever recorded them.
  await writeFile(join(folder, `${file}.json`), stdout.replaceAll(`${root}/`, ''))
  const { events } = JSON.parse(stdout) as { events: unknown[] }
  process.stderr.write(`recorded ${file}: ${events.length} events\n`)
}

async function record(env: TestWorkflowEnvironment, scenario: Scenario, bundle: WorkflowBundle): Promise<void> {
  const parts = new Parts()
  for (const taskQueue of Object.values(taskQueues)) {
    const options = {
      connection: env.nativeConnection,
      namespace: 'default',
      taskQueue,
      activities: answers(scenario),
      slots: 4,
      buildId: bundle.buildId,
      onFailure: (error: unknown) => {
        throw error
      },
    }
    parts.add(await startQueueWorker(taskQueue === taskQueues.control ? { ...options, workflows: bundle } : options))
  }
  await makeCurrent(env.client, 'default', bundle.buildId)
  const workflowId = scenario.name
  const input = scenario.input
  const options = {
    workflowId,
    taskQueue: taskQueues.control,
    args: [input],
    ...('mediaId' in input
      ? { typedSearchAttributes: [{ key: { name: 'mediaId', type: 'KEYWORD' as const }, value: input.mediaId }] }
      : {}),
  }
  const { signal, workflow } = scenario
  const run = signal ? env.client.workflow.signalWithStart(workflow, { ...options, signal }) : env.client.workflow.start(workflow, options)
  const ended = run.then((handle) => handle.result())
  await ended.catch((error: unknown) => {
    if (!scenario.red) throw error
  })
  await keep(env.address, workflowId, `${scenario.name}.${stamp}`)
  if (scenario.child && 'mediaId' in input)
    await keep(env.address, `${scenario.child}:${input.tenant}:${input.mediaId}`, `${scenario.name}-${scenario.child}.${stamp}`)
  await parts.stop()
}

await mkdir(folder, { recursive: true })
const scratch = await mkdtemp(join(tmpdir(), 'darkroom-record-'))
const stamp = process.argv[2] ?? new Date().toISOString().slice(0, 10)
const env = await TestWorkflowEnvironment.createLocal({
  server: {
    executable: { type: 'existing-path', path: temporal },
    extraArgs: searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  },
})
try {
  const bundle = await workflowBundle(scratch)
  for (const scenario of scenarios.filter(({ name }) => process.argv[3] === undefined || name === process.argv[3]))
    await record(env, scenario, bundle)
} finally {
  await env.teardown()
  await rm(scratch, { recursive: true })
}
