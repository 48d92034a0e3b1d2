import type { ErasedData } from '../../domain/events.ts'
import type { MediaId } from '../../domain/ids.ts'
import type { EventDefinition } from './definition.ts'

/** The receipt: the item is refused everywhere. Copies made of it are to be deleted too. */
export const mediaErased: EventDefinition<'media.erased', ErasedData> = {
  type: 'media.erased',
  schemaVersion: 1,
  sample: { id: '0b3k9tq2m8x4r' as MediaId, tenant: 'acme', verifiedAt: '2026-01-02T03:04:05.678Z' },
}
