import { activity } from '../policy.ts'
import type { IngestStep } from './step.ts'

/** Purges the edges of what this version replaces; a first version replaces nothing. */
export const invalidate: IngestStep = {
  stage: 'invalidate',
  describe: ({ version }) => (version > 1 ? 'Purging the edges.' : 'Nothing to replace.'),
  run: async (input, carried) => {
    if (input.version > 1) await activity('invalidate')(input)
    return carried
  },
}
