import kafkajs, { Kafka, logLevel, type LogEntry } from 'kafkajs'
import { MediaError } from '../domain/errors.ts'

export interface EventLogger {
  warn(event: string, facts?: Readonly<Record<string, string | number | boolean | null | undefined>>): void
}

export interface KafkaOptions {
  /** host:port of one broker or several. */
  readonly brokers: readonly string[]
  readonly topic: string
  readonly clientId: string
  readonly logger: EventLogger
}

/**
 * A client. What kafkajs logs while it retries by itself ("coordinator not available" after each start) is nobody's
 * concern: what is left of it in the end is thrown, and told by whoever catches it.
 */
export function openKafka({ brokers, clientId, logger }: KafkaOptions): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.ERROR,
    logCreator: () => (entry) => {
      if (!isPassing(entry)) logger.warn('kafka-client', { message: entry.log.message, cause: textOf(entry.log.error) })
    },
  })
}

/** kafkajs calls whatever it then retries an error; only a crash of a consumer that stays down is one. */
function isPassing({ log }: LogEntry): boolean {
  return !(log.message.startsWith('Crash:') && log.retryable === false) && log.message !== 'Restarting the consumer failed'
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Every error of kafkajs as STORAGE_UNAVAILABLE; others as they are. */
export function kafkaFailure(error: unknown, brokers: readonly string[]): unknown {
  // Node finds the error classes on the default export only: the package spreads them into its exports.
  if (!(error instanceof kafkajs.KafkaJSError)) return error
  return new MediaError('STORAGE_UNAVAILABLE', `Kafka at ${brokers.join(', ')} does not answer as it should: ${error.message}`, {
    cause: error,
  })
}

/** Makes the topic when it is not there, with as many partitions and copies as the broker is set to. */
export async function ensureTopic(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    // Looking first needs less permission than making, and topics are often made by an operator.
    if ((await admin.listTopics()).includes(topic)) return
    await admin.createTopics({ topics: [{ topic, numPartitions: -1, replicationFactor: -1 }], waitForLeaders: true })
  } finally {
    await admin.disconnect()
  }
}
