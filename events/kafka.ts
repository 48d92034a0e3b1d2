import { Partitioners, type Producer } from 'kafkajs'
import type { EventSink } from '../domain/ports.ts'
import { limits } from '../domain/limits.ts'
import { encodeMessage, type EventMessage } from './cloud-event.ts'
import { ensureTopic, kafkaFailure, openKafka, type KafkaOptions } from './kafka-client.ts'

/**
 * CloudEvents on a Kafka topic. Connects at the first event and again after every failure; the topic is made when it
 * is not there. An acknowledgement is that of all in-sync replicas.
 */
export function createKafkaSink(options: KafkaOptions): EventSink {
  const { topic, brokers } = options
  const kafka = openKafka(options)
  let connecting: Promise<Producer> | null = null

  const connect = async (): Promise<Producer> => {
    await ensureTopic(kafka, topic)
    // One request at a time: with more, one that is sent again may land behind its successor.
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    return producer
  }

  const disconnect = async () => {
    const left = connecting
    connecting = null
    // A connection that was never made needs no end, and a broken one may fail at ending.
    const producer = await left?.catch(() => null)
    await producer?.disconnect().catch(() => {})
  }

  return {
    async publish(events) {
      if (events.length === 0) return
      try {
        connecting ??= connect()
        const producer = await connecting
        // A broker refuses a batch that is too long for ever, however often it is sent.
        for (const batch of batchesOf(events.map(encodeMessage), limits.eventBatchBytesMax)) {
          const messages = batch.map(({ key, headers, value }) => ({ key, headers: { ...headers }, value }))
          await producer.send({ topic, acks: -1, messages })
        }
      } catch (error) {
        // What a half-broken client still knows is worth less than a fresh one.
        await disconnect()
        throw kafkaFailure(error, brokers)
      }
    },
    close: disconnect,
  }
}

/** Bytes of a record beside what is in it: lengths, and times (Kafka protocol, record format of version 2). */
const FRAME_BYTES_MAX = 32
const HEADER_FRAME_BYTES_MAX = 6

/** Messages in their order, in batches of at most so many bytes as Kafka counts them; a longer one is a batch of its own. */
export function batchesOf(messages: readonly EventMessage[], bytesMax: number): EventMessage[][] {
  const batches: EventMessage[][] = []
  let left = 0
  for (const message of messages) {
    const bytes = bytesOf(message)
    if (bytes > left || batches.length === 0) {
      batches.push([])
      left = bytesMax
    }
    batches.at(-1)?.push(message)
    left -= bytes
  }
  return batches
}

function bytesOf({ key, headers, value }: EventMessage): number {
  const frames = FRAME_BYTES_MAX + HEADER_FRAME_BYTES_MAX * Object.keys(headers).length
  return [key, value, ...Object.entries(headers).flat()].reduce((sum, text) => sum + Buffer.byteLength(text), frames)
}
