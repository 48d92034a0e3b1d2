import { setTimeout as sleep } from 'node:timers/promises'
import type { IHeaders, KafkaMessage } from 'kafkajs'
import type { CloudEvent } from '../domain/events.ts'
import { limits } from '../domain/limits.ts'
import { decodeMessage, UnreadableEvent } from './cloud-event.ts'
import { ensureTopic, kafkaFailure, openKafka, type KafkaOptions } from './kafka-client.ts'

export interface ConsumeOptions extends KafkaOptions {
  /** Consumers of one group share the events; the group remembers where it was. */
  readonly groupId: string
  /** Where a group starts that was never seen: at the first event kept, or at the next one. */
  readonly fromBeginning: boolean
  /** Acknowledged when it returns; when it throws, the event comes again. */
  readonly onEvent: (event: CloudEvent) => void | Promise<void>
  /** A message on the topic that is none of our events; it is passed over. */
  readonly onUnreadable: (error: UnreadableEvent) => void
  /** The group has given us our share: from now on events arrive. */
  readonly onReady?: () => void
  readonly signal: AbortSignal
}

/** A member that died holds its share, and after a broker's restart everybody's, for this long. */
const SESSION_MS = 10_000

/** Consumes events, at least once each, until `signal` is aborted. STORAGE_UNAVAILABLE when Kafka is away for long. */
export async function consumeEvents(options: ConsumeOptions): Promise<void> {
  const { topic, brokers, groupId, fromBeginning, onEvent, onUnreadable, onReady, signal } = options
  const kafka = openKafka(options)
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, sessionTimeout: SESSION_MS, heartbeatInterval: SESSION_MS / 4 })
  const ended = new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    // A crash that kafkajs does not restart from; the others it reports and mends itself.
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error)
    })
  })
  consumer.on(consumer.events.GROUP_JOIN, () => onReady?.())
  const consume = async () => {
    await ensureTopic(kafka, topic)
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning })
    await consumer.run({
      eachMessage: async ({ message }) => {
        const event = eventOf(message, onUnreadable)
        if (event) await onEvent(event)
      },
    })
    await ended
  }
  try {
    if (!signal.aborted) await Promise.race([consume(), ended])
  } catch (error) {
    throw kafkaFailure(error, brokers)
  } finally {
    // A consumer that has lost its broker would try for long to say good-bye to it.
    await Promise.race([consumer.disconnect().catch(() => {}), sleep(limits.consumerLeaveMsMax, undefined, { ref: false })])
  }
}

function eventOf({ headers, value }: KafkaMessage, onUnreadable: (error: UnreadableEvent) => void): CloudEvent | null {
  try {
    return decodeMessage({ headers: textHeaders(headers ?? {}), value: value?.toString('utf8') ?? '' })
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error
    onUnreadable(error)
    return null
  }
}

/** Headers may repeat; the last one of a name counts. */
function textHeaders(headers: IHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const last = Array.isArray(value) ? value.at(-1) : value
      return last === undefined ? [] : [[name, last.toString()]]
    }),
  )
}
