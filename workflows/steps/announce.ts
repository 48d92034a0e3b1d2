import { activity } from '../policy.ts'
import type { IngestStep } from './step.ts'

/** State ready and the event that says so, in one transaction. */
export const announce: IngestStep = {
  stage: 'announce',
  describe: () => 'Telling the world.',
  run: async (input, carried) => {
    await activity('announce')(input)
    return carried
  },
}
