import type { Stage } from '../../domain/media.ts'
import type { IngestInput } from '../../domain/workflow-inputs.ts'
import type { ImageProbe, VideoProbe } from '../../domain/plans.ts'

/** What steps hand on to later ones. Small facts only: all else waits in the catalog. */
export interface Carried {
  readonly probe?: ImageProbe | VideoProbe
}

/** One step of the ingest; what has to be undone is named before it is done. */
export interface IngestStep {
  readonly stage: Stage
  /** Shown to operators while the step runs. */
  describe(input: IngestInput): string
  /**
   * Undoes the step whether or not it got to act; idempotent; run in reverse order, not cancellable. Where we are at
   * fault (`failed`) what is needed to try again stays.
   */
  readonly undo?: (input: IngestInput, ending: 'rejected' | 'failed') => Promise<void>
  run(input: IngestInput, carried: Carried): Promise<Carried>
}
