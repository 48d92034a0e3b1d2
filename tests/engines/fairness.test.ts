import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { activityInfo } from '@temporalio/activity'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { MediaId } from '../../domain/ids.ts'
import type { VideoProbe } from '../../domain/plans.ts'
import { type IngestInput, laterKey, searchAttributeNames, taskQueues } from '../../domain/workflow-inputs.ts'
import { fairness } from '../../infra/engines/temporal-dev.ts'
import { workflowBundle } from '../../workers/bundle.ts'
import { makeCurrent } from '../../workers/deployment.ts'
import { Parts } from '../../workers/part.ts'
import { startQueueWorker } from '../../workers/temporal-worker.ts'
import { missing, tools } from '../e2e/support/tools.ts'
import { answers } from '../replay/scenarios.ts'

const CHUNK_SECONDS = 6
const BIG_VIDEOS = 4
const BIG_CHUNKS = 40
const SMALL_CHUNKS = 3
/** Chunks of the busy tenant that may run between the small video's arrival and its last chunk. */
const BIG_BETWEEN_MAX = 24
/** The same within one tenant, whose long videos are past their first chunks. */
const OWN_BETWEEN_MAX = 10
/** Chunks of a video that take their tenant's turn. */
const EARLY_CHUNKS = 6
/** What a chunk takes here: much longer than the server's own steps, as chunks do. */
const CHUNK_MS = 120

interface Ran {
  readonly tenant: string
  readonly isLong: boolean
  readonly activity: string
  readonly fairnessKey: string | undefined
  readonly priorityKey: number | undefined
}

const probeOf = (chunks: number): VideoProbe => ({
  durationMs: chunks * CHUNK_SECONDS * 1000,
  width: 1280,
  height: 720,
  fps: 30,
  startSeconds: 0,
  videoCodec: 'h264',
  videoStreamIndex: 0,
  audio: null,
})

/**
 * With one encoder, long videos of a tenant `big` and, once `warmChunks` of them have run, a short one of `smallTenant`: all
 * that ran, and how many chunks of the long ones came before the short one's last.
 */
async function race(context: TestContext, smallTenant: string, warmChunks: number): Promise<{ ran: Ran[]; between: number }> {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  const scratch = await mkdtemp(join(tmpdir(), 'darkroom-fairness-'))
  const parts = new Parts()
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: tools.temporal ?? '' },
      extraArgs: [
        ...searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
        ...fairness.flatMap((setting) => ['--dynamic-config-value', setting]),
      ],
    },
  })
  context.after(async () => {
    await parts.stop()
    await env.teardown()
    await rm(scratch, { recursive: true })
  })
  const ran: Ran[] = []
  const busy = Promise.withResolvers<void>()
  const note = async (input: IngestInput) => {
    const { activityType, priority } = activityInfo()
    const { fairnessKey, priorityKey } = priority ?? {}
    ran.push({ tenant: input.tenant, isLong: input.preset === 'standard', activity: activityType, fairnessKey, priorityKey })
    if (ran.filter(({ activity }) => activity === 'encodeChunk').length >= warmChunks) busy.resolve()
  }
  const activities = {
    ...answers({ name: 'fairness', workflow: 'ingest', input: inputOf('any', 0, 'standard') }),
    admitVideo: async (input: IngestInput) => {
      await note(input)
      return probeOf(input.preset === 'standard' ? BIG_CHUNKS : SMALL_CHUNKS)
    },
    encodeChunk: async (input: IngestInput) => {
      await note(input)
      await sleep(CHUNK_MS)
      return { segments: 1 }
    },
    announce: note,
  }
  const bundle = await workflowBundle(scratch)
  for (const taskQueue of Object.values(taskQueues)) {
    const onFailure = (error: unknown) => {
      throw error
    }
    const options = { connection: env.nativeConnection, namespace: 'default', taskQueue, activities, buildId: bundle.buildId, onFailure }
    const slots = taskQueue === taskQueues.video ? 1 : 8
    parts.add(await startQueueWorker(taskQueue === taskQueues.control ? { ...options, slots, workflows: bundle } : { ...options, slots }))
  }
  await makeCurrent(env.client, 'default', bundle.buildId)
  const start = async (input: IngestInput) =>
    await env.client.workflow.start('ingest', {
      workflowId: `ingest:${input.tenant}:${input.mediaId}`,
      taskQueue: taskQueues.control,
      args: [input],
      priority: { priorityKey: 4, fairnessKey: input.tenant },
    })
  const long = await Promise.all(Array.from({ length: BIG_VIDEOS }, async (_, at) => await start(inputOf('big', at, 'standard'))))
  await busy.promise
  const from = ran.length
  await (await start(inputOf(smallTenant, BIG_VIDEOS, 'full'))).result()
  const last = ran.findLastIndex(({ isLong, activity }) => !isLong && activity === 'encodeChunk')
  const between = ran.slice(from, last).filter(({ isLong, activity }) => isLong && activity === 'encodeChunk').length
  await Promise.all(long.map(async (handle) => await handle.terminate()))
  return { ran, between }
}

const skip = missing('temporal')

test("fairness: with one encoder a short video does not wait for another tenant's long ones", { skip }, async (context) => {
  const { ran, between } = await race(context, 'small', 8)
  for (const { tenant, activity, fairnessKey, priorityKey } of ran) {
    const isAdmission = activity === 'admitVideo'
    assert.ok(fairnessKey?.startsWith(tenant), `${activity} is not counted for its tenant`)
    assert.equal(priorityKey, isAdmission ? 2 : 4, activity)
  }
  assert.ok(between <= BIG_BETWEEN_MAX, `${between} chunks of the busy tenant came before the small video's last`)
})

test('fairness: with one encoder a short video does not wait for the rest of its own tenant’s long ones', { skip }, async (context) => {
  const { ran, between } = await race(context, 'big', BIG_VIDEOS * EARLY_CHUNKS + 8)
  assert.ok(ran.some(({ fairnessKey }) => fairnessKey === laterKey('big')))
  assert.ok(between <= OWN_BETWEEN_MAX, `${between} chunks of the long videos came before the short one's last`)
})

test('fairness: a whole server is told the same as the embedded one', async () => {
  const text = await readFile(join(import.meta.dirname, '../../infra/temporal/dynamic.yaml'), 'utf8')
  for (const setting of fairness) {
    const [name = '', value = ''] = setting.split('=')
    assert.ok(text.includes(`${name}:\n  - value: ${value}\n`), setting)
  }
})

function inputOf(tenant: string, at: number, preset: string): IngestInput {
  return {
    mediaId: `01kq8z4v7g0j${at}` as MediaId,
    tenant,
    kind: 'video',
    sourceType: 'video/mp4',
    preset,
    filter: null,
    version: 1,
  }
}
