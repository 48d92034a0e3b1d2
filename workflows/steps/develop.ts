import { executeChild } from '@temporalio/workflow'
import type { ImageProbe, VideoProbe } from '../../domain/plans.ts'
import type { IngestInput } from '../../domain/workflow-inputs.ts'
import { image } from '../image.ts'
import { searchAttributesOf } from '../stage.ts'
import { video } from '../video.ts'
import type { IngestStep } from './step.ts'

const childOptions = ({ mediaId, tenant, kind }: IngestInput) => ({
  workflowId: `${kind}:${tenant}:${mediaId}`,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED' as const,
  staticSummary: `${kind} ${mediaId}`,
  typedSearchAttributes: searchAttributesOf({ mediaId, tenant, kind }),
})

/** Renders everything in a child workflow of the item's kind. Its needles are found by their placements: admit's undo takes them along. */
export const develop: IngestStep = {
  stage: 'develop',
  describe: ({ kind, preset, filter }) => `Rendering the ${kind} by preset ${preset}${filter ? ` with filter ${filter}` : ''}.`,
  run: async (input, carried) => {
    if (input.kind === 'image') await executeChild(image, { ...childOptions(input), args: [input, carried.probe as ImageProbe] })
    else await executeChild(video, { ...childOptions(input), args: [input, carried.probe as VideoProbe] })
    return carried
  },
}
