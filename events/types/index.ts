import type { EventType } from '../../domain/events.ts'
import type { EventDefinition } from './definition.ts'
import { mediaErased } from './media-erased.ts'
import { mediaFailed } from './media-failed.ts'
import { mediaPlayable } from './media-playable.ts'
import { mediaReady } from './media-ready.ts'
import { mediaRejected } from './media-rejected.ts'

/** Every event; a new one is one file and one line here. */
export const eventDefinitions: { readonly [Type in EventType]: EventDefinition<Type> } = {
  'media.playable': mediaPlayable,
  'media.ready': mediaReady,
  'media.rejected': mediaRejected,
  'media.failed': mediaFailed,
  'media.erased': mediaErased,
}

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(eventDefinitions, text)
}
