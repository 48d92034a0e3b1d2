import { Partitioners, type Producer } from 'kafkajs'
import type { EventSink } from '../domain/ports.ts'
import { encodeMessage } from './cloud-event.ts'
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
        const messages = events.map(encodeMessage).map(({ key, headers, value }) => ({ key, headers: { ...headers }, value }))
        await producer.send({ topic, acks: -1, messages })
      } catch (error) {
        // What a half-broken client still knows is worth less than a fresh one.
        await disconnect()
        throw kafkaFailure(error, brokers)
      }
    },
    close: disconnect,
  }
}
