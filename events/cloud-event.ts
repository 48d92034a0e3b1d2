import type { CloudEvent, EventData, OutboxEvent } from '../domain/events.ts'
import { parseMediaId } from '../domain/ids.ts'
import { schemaIdOf } from './types/definition.ts'
import { eventDefinitions, isEventType } from './types/index.ts'

/** A Kafka message, as far as the binary content mode of CloudEvents uses it. */
export interface EventMessage {
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  /** UTF-8 JSON: the data alone. */
  readonly value: string
}

/** An event of the outbox as a CloudEvent. `source` names this installation. */
export function toCloudEvent(event: OutboxEvent, source: string): CloudEvent {
  return {
    specversion: '1.0',
    id: event.eventId,
    source,
    type: event.type,
    subject: event.mediaId,
    time: event.time.toISOString(),
    datacontenttype: 'application/json',
    dataschema: schemaIdOf(eventDefinitions[event.type]),
    tenant: event.tenant,
    data: event.data,
  }
}

const attributes = ['specversion', 'id', 'source', 'type', 'subject', 'time', 'dataschema', 'tenant'] as const

/**
 * Binary mode (CloudEvents 1.0.2 Kafka protocol binding, 3.2): each attribute is a header `ce_<name>`,
 * datacontenttype is `content-type`. The key is the media id, so that events of one item keep their order.
 */
export function encodeMessage(event: CloudEvent): EventMessage {
  const headers = Object.fromEntries(attributes.map((name) => [`ce_${name}`, event[name]]))
  return { key: event.subject, headers: { ...headers, 'content-type': event.datacontenttype }, value: JSON.stringify(event.data) }
}

/** A message that is not one of our events; its text says what is missing. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent'
}

/** The event in a message. Attributes that we do not know are passed over. Throws {@link UnreadableEvent}. */
export function decodeMessage({ headers, value }: Pick<EventMessage, 'headers' | 'value'>): CloudEvent {
  const attribute = (name: (typeof attributes)[number]) => {
    const text = headers[`ce_${name}`]
    if (text === undefined || text === '') throw new UnreadableEvent(`The message has no header ce_${name}.`)
    return text
  }
  const specversion = attribute('specversion')
  if (specversion !== '1.0') throw new UnreadableEvent(`The message is of CloudEvents ${specversion}, not 1.0.`)
  const type = attribute('type')
  if (!isEventType(type)) throw new UnreadableEvent(`The message is of the unknown type ${type}.`)
  const subject = parseMediaId(attribute('subject'))
  if (subject === null) throw new UnreadableEvent(`The message's subject ${attribute('subject')} is no media id.`)
  const datacontenttype = headers['content-type']
  if (datacontenttype !== 'application/json')
    throw new UnreadableEvent(`The message's content type is ${datacontenttype}, not application/json.`)
  return {
    specversion,
    id: attribute('id'),
    source: attribute('source'),
    type,
    subject,
    time: attribute('time'),
    datacontenttype,
    dataschema: attribute('dataschema'),
    tenant: attribute('tenant'),
    data: parseData(value),
  }
}

function parseData(value: string): EventData {
  try {
    const data: unknown = JSON.parse(value)
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data as EventData
  } catch (error) {
    throw new UnreadableEvent("The message's value is no JSON.", { cause: error })
  }
  throw new UnreadableEvent("The message's value is no JSON object.")
}
