import { admit } from './admit.ts'
import { announce } from './announce.ts'
import { develop } from './develop.ts'
import { invalidate } from './invalidate.ts'
import { publish } from './publish.ts'
import type { IngestStep } from './step.ts'

/** The way of an upload, in order. A new step is one file and one line here. */
export const ingestSteps: readonly IngestStep[] = [admit, develop, publish, invalidate, announce]
