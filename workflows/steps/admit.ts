import { activity } from '../policy.ts'
import type { IngestStep } from './step.ts'

/** Header-predicted cost before anything is decoded. Undone by discarding the original, which was stored before us, unless we are at fault. */
export const admit: IngestStep = {
  stage: 'admit',
  describe: ({ sourceType }) => `Looking at the header of a ${sourceType}.`,
  undo: async ({ mediaId }, ending) => await activity('discard')(ending === 'failed' ? { mediaId, keeps: 'original' } : { mediaId }),
  run: async (input) => ({ probe: input.kind === 'image' ? await activity('admitImage')(input) : await activity('admitVideo')(input) }),
}
