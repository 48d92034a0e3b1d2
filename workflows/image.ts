import { patched, setWorkflowOptions } from '@temporalio/workflow'
import type { ImageProbe } from '../domain/plans.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

/** A still image is one activity: a decode costs more than anything that could be won by splitting. What moves is encoded where videos are. */
export async function image(input: IngestInput, probe: ImageProbe): Promise<void> {
  showStage('develop', `${probe.width} x ${probe.height} ${probe.type}`)
  const { files, bytes } = await activity('developImage')(input, probe)
  if ((probe.animation || probe.clip) && patched('motion')) await activity('makeMotion')(input, probe)
  showStage('done', `${files} renditions, ${bytes} bytes.`)
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, image)
