import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CloudEvent, OutboxEvent } from '../../domain/events.ts'
import { eventIdOf } from '../../domain/events.ts'
import type { MediaId } from '../../domain/ids.ts'
import { toCloudEvent } from '../../events/cloud-event.ts'
import { consumeEvents, type ConsumeOptions } from '../../events/consume.ts'
import { startKafka, type KafkaBroker } from '../../infra/engines/kafka.ts'
import { pickPorts } from '../../infra/engines/ports.ts'
import { openSupervisor } from '../../infra/engines/supervisor.ts'
import { parseTools } from '../../infra/engines/tools.ts'

export interface TestBroker {
  readonly address: string
  /** Ends the broker as a power cut would. */
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A Kafka broker of its own in a temporary folder. */
export async function startBroker(): Promise<TestBroker> {
  const home = await mkdtemp(join(tmpdir(), 'darkroom-events-'))
  const supervisor = await openSupervisor({ home })
  const stop = async () => {
    await supervisor.stop()
    await rm(home, { recursive: true, force: true })
  }
  try {
    const ports = await pickPorts(0, ['broker', 'controller'])
    const tools = parseTools(process.env.DARKROOM_TOOLS)
    const start = () => startKafka({ supervisor, tools, ports })
    let broker: KafkaBroker = await start()
    return {
      address: broker.address,
      async kill() {
        process.kill(broker.engine.pid, 'SIGKILL')
        await broker.engine.exited
      },
      async restart() {
        broker = await start()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A logger for tests in which nothing may be worth a line. */
export const silent = { warn: (event: string, facts?: object) => assert.fail(`logged: ${event} ${JSON.stringify(facts)}`) }

export interface TestConsumer {
  readonly events: readonly CloudEvent[]
  readonly unreadable: readonly string[]
  /** Resolves when `condition` holds, asked after each message. */
  until(condition: () => boolean): Promise<void>
  stop(): Promise<void>
}

/** A consumer of a group of its own, from the beginning; returns when it has its share of the topic. */
export async function startConsumer(options: Pick<ConsumeOptions, 'brokers' | 'topic'> & Partial<ConsumeOptions>): Promise<TestConsumer> {
  const events: CloudEvent[] = []
  const unreadable: string[] = []
  const stopping = new AbortController()
  const changed = new EventTarget()
  const tell = () => changed.dispatchEvent(new Event('change'))
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>()
  const done = consumeEvents({
    clientId: 'test',
    groupId: `test-${events.length}-${options.topic}`,
    fromBeginning: true,
    logger: silent,
    signal: stopping.signal,
    onReady,
    onEvent: (event) => {
      events.push(event)
      tell()
    },
    onUnreadable: ({ message }) => {
      unreadable.push(message)
      tell()
    },
    ...options,
  })
  await Promise.race([ready, done])
  return {
    events,
    unreadable,
    async until(condition) {
      while (!condition()) await Promise.race([once(changed, 'change'), done])
    },
    async stop() {
      stopping.abort()
      await done
    },
  }
}

/** The event that `id` was erased, in a version that makes its id its own. */
export function someEvent(id: MediaId, version = 1): CloudEvent {
  const data = { id, tenant: 'acme', verifiedAt: '2026-01-02T03:04:05.678Z' }
  const row: OutboxEvent = {
    sequence: 1,
    eventId: eventIdOf(id, version, 'media.erased'),
    type: 'media.erased',
    mediaId: id,
    tenant: 'acme',
    time: new Date(0),
    data,
  }
  return toCloudEvent(row, 'urn:test')
}
