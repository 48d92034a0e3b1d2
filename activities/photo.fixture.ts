import type { MediaId } from '../domain/ids.ts'
import type { ImageProbe } from '../domain/plans.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'

/** A photo on its way, for tests with a studio that is none. */
export const photo: IngestInput = {
  mediaId: '01kq8z4v7g0j0' as MediaId,
  tenant: 'acme',
  kind: 'image',
  sourceType: 'image/jpeg',
  preset: 'standard',
  filter: null,
  version: 1,
}

export const photoProbe: ImageProbe = {
  type: 'image/jpeg',
  width: 100,
  height: 100,
  orientation: 1,
  frames: 1,
  hasAlpha: false,
  heldWhole: false,
  decodeBytesPerPixel: 3,
}

/** Originals of one byte. */
export const photoObjects = {
  get: async () => ({
    bytes: 1,
    body: (async function* () {
      yield new Uint8Array(1)
    })(),
  }),
}
