import type { RefusedData } from '../../domain/events.ts'
import type { MediaId } from '../../domain/ids.ts'
import type { EventDefinition } from './definition.ts'

/** We were at fault: the same bytes may be sent again. */
export const mediaFailed: EventDefinition<'media.failed', RefusedData> = {
  type: 'media.failed',
  schemaVersion: 1,
  sample: {
    id: '0b3k9tq2m8x4r' as MediaId,
    tenant: 'acme',
    kind: 'video',
    error: { code: 'INTERNAL', title: 'Something went wrong on our side.' },
  },
}
