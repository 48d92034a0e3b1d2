import { activity } from '../policy.ts'
import type { IngestStep } from './step.ts'

/** Header-predicted cost before anything is decoded. Undone by discarding the original: it was stored before us. */
export const admit: IngestStep = {
  stage: 'admit',
  describe: ({ sourceType }) => `Looking at the header of a ${sourceType}.`,
  undo: async ({ mediaId }) => await activity('discard')({ mediaId }),
  run: async (input) => ({ probe: input.kind === 'image' ? await activity('admitImage')(input) : await activity('admitVideo')(input) }),
}
