import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ApplicationFailure } from '@temporalio/common'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { MediaId } from '../../domain/ids.ts'
import { type EraseInput, type IngestInput, searchAttributeNames, taskQueues } from '../../domain/workflow-inputs.ts'
import { workflowBundle } from '../../workers/bundle.ts'
import { makeCurrent } from '../../workers/deployment.ts'
import { Parts } from '../../workers/part.ts'
import { startQueueWorker } from '../../workers/temporal-worker.ts'
import { missing, tools } from '../e2e/support/tools.ts'
import { answers } from '../replay/scenarios.ts'

const inputOf = (mediaId: string): IngestInput => ({
  mediaId: mediaId as MediaId,
  tenant: 'acme',
  kind: 'image',
  sourceType: 'image/jpeg',
  preset: 'standard',
  filter: null,
  version: 1,
})

suite('endings of an ingest', { skip: missing('temporal') }, () => {
  const parts = new Parts()
  let env: TestWorkflowEnvironment
  let scratch: string
  /** What was asked of the activities that undo and settle, by item. */
  const told = new Map<string, unknown[][]>()
  const developing = Promise.withResolvers<void>()
  const stopped = Promise.withResolvers<void>()
  const note = (name: string, id: string, ...rest: unknown[]) => told.set(id, [...(told.get(id) ?? []), [name, ...rest]])

  before(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') })
    scratch = await mkdtemp(join(tmpdir(), 'darkroom-endings-'))
    env = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path: tools.temporal ?? '' },
        extraArgs: searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      },
    })
    const bundle = await workflowBundle(scratch)
    const activities = {
      ...answers({ name: 'endings', workflow: 'ingest', input: inputOf('0') }),
      developImage: async ({ mediaId }: IngestInput) => {
        if (mediaId.startsWith('cancelled')) {
          developing.resolve()
          await stopped.promise
          return { files: 1, bytes: 1 }
        }
        throw ApplicationFailure.nonRetryable('as the test has it', mediaId)
      },
      ...Object.fromEntries(
        ['beginErase', 'awaitIngestEnd', 'verifyOrigins', 'purgeEdges', 'certifyErase'].map((name) => [
          name,
          async ({ mediaId }: EraseInput) => note(name, mediaId),
        ]),
      ),
      discard: async ({ mediaId, ...rest }: { mediaId: string }) => void note('discard', mediaId, rest),
      refuse: async ({ mediaId }: IngestInput, code: string) => {
        note('refuse', mediaId, code)
        return 'failed'
      },
    }
    for (const taskQueue of Object.values(taskQueues)) {
      const onFailure = (error: unknown) => {
        throw error
      }
      const options = { connection: env.nativeConnection, namespace: 'default', slots: 4, taskQueue, activities, onFailure }
      const seat = { ...options, buildId: bundle.buildId }
      parts.add(await startQueueWorker(taskQueue === taskQueues.control ? { ...seat, workflows: bundle } : seat))
    }
    await makeCurrent(env.client, 'default', bundle.buildId)
  })
  after(async () => {
    await parts.stop()
    await env?.teardown()
    await rm(scratch, { recursive: true })
  })

  const start = async (mediaId: string) =>
    await env.client.workflow.start('ingest', {
      workflowId: `ingest:acme:${mediaId}`,
      taskQueue: taskQueues.control,
      args: [inputOf(mediaId)],
    })

  test('endings: our fault keeps the original, a damaged file leaves nothing', async () => {
    for (const [code, discarded] of [
      ['INTERNAL', { keeps: 'original' }],
      ['ENGINE_MISSING_NEVER_HEARD_OF', { keeps: 'original' }],
      ['OBJECT_NOT_FOUND', { keeps: 'original' }],
      ['MEDIA_CORRUPT', {}],
    ] as const) {
      await (await start(code)).result()
      const settled = code.includes('NEVER') ? 'INTERNAL' : code
      assert.deepEqual(told.get(code), [
        ['discard', discarded],
        ['refuse', settled],
      ])
    }
  })

  test('endings: an ingest that is cancelled by hand settles its item, and ends as cancelled', async () => {
    const handle = await start('cancelled')
    await developing.promise
    await handle.cancel()
    stopped.resolve()
    await assert.rejects(handle.result(), { name: 'WorkflowFailedError' })
    assert.equal((await handle.describe()).status.name, 'CANCELLED')
    assert.deepEqual(told.get('cancelled'), [
      ['discard', { keeps: 'original' }],
      ['refuse', 'INGEST_CANCELLED'],
    ])
  })

  test('endings: an erase purges once more when no origin can answer with bytes, then verifies', async () => {
    const input: EraseInput = { mediaId: 'erased' as MediaId, tenant: 'acme', version: 1 }
    await env.client.workflow.execute('erase', { workflowId: 'erase:acme:erased', taskQueue: taskQueues.control, args: [input] })
    assert.deepEqual(
      told.get('erased')?.map(([name]) => name),
      ['beginErase', 'verifyOrigins', 'purgeEdges', 'awaitIngestEnd', 'discard', 'purgeEdges', 'certifyErase'],
    )
  })
})
