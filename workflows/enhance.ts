import { setWorkflowOptions } from '@temporalio/workflow'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

/**
 * A photo that is looked at often, encoded again at the effort that its bytes are worth, as the next version. Until that
 * is published the version before is shown, whose addresses go on answering afterwards too.
 */
export async function enhance(input: IngestInput): Promise<{ readonly enhanced: boolean }> {
  showStage('develop', `Encoding version ${input.version} at higher effort.`)
  const { files } = await activity('enhanceImage')(input)
  if (files === 0) return { enhanced: false }
  showStage('publish', `Writing the manifest of version ${input.version}.`)
  await activity('publish')(input)
  showStage('invalidate', 'Purging the edges.')
  await activity('invalidate')(input)
  showStage('announce', 'Telling the world.')
  await activity('announce')(input)
  showStage('done', `${files} renditions.`)
  return { enhanced: true }
}
setWorkflowOptions({ versioningBehavior: 'PINNED' }, enhance)
