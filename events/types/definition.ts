import type { EventData, EventType } from '../../domain/events.ts'

/** One event: what it is called, how its data is described and what it looks like. */
export interface EventDefinition<Type extends EventType = EventType, Data extends EventData = EventData> {
  readonly type: Type
  /** Grows with a change that old readers cannot read; a new optional field is none. */
  readonly schemaVersion: number
  readonly sample: Data
}

/** CloudEvents' dataschema: a name, for a schema is read from this repository and fetched from nowhere. */
export function schemaIdOf({ type, schemaVersion }: EventDefinition): string {
  return `urn:darkroom:event:${type}:v${schemaVersion}`
}

/** File of the JSON Schema of an event's data. */
export function schemaFileOf({ type, schemaVersion }: EventDefinition): URL {
  return new URL(`../schemas/${type}.v${schemaVersion}.json`, import.meta.url)
}
