import { setWorkflowOptions } from '@temporalio/workflow'
import type { VariantsInput } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

/** Renditions asked for by their address. Its id names them: one run makes them, whoever else asks waits for the same run. */
export async function variants(input: VariantsInput): Promise<void> {
  showStage('develop', `${input.variants.length} of version ${input.version}.`)
  await activity('renderVariants')(input)
  showStage('done', 'There.')
}
setWorkflowOptions({ versioningBehavior: 'PINNED' }, variants)
