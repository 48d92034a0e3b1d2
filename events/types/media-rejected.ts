import type { RefusedData } from '../../domain/events.ts'
import type { MediaId } from '../../domain/ids.ts'
import type { EventDefinition } from './definition.ts'

/** The bytes were at fault: sending them again will not help. */
export const mediaRejected: EventDefinition<'media.rejected', RefusedData> = {
  type: 'media.rejected',
  schemaVersion: 1,
  sample: {
    id: '0b3k9tq2m8x4r' as MediaId,
    tenant: 'acme',
    kind: 'image',
    error: { code: 'MEDIA_CORRUPT', title: 'The file is damaged or incomplete.' },
  },
}
