import { activity } from '../policy.ts'
import type { IngestStep } from './step.ts'

/** Makes the version the item's manifest. A later failure clears it with the item's state. */
export const publish: IngestStep = {
  stage: 'publish',
  describe: ({ version }) => `Writing the manifest of version ${version}.`,
  run: async (input, carried) => {
    await activity('publish')(input)
    return carried
  },
}
