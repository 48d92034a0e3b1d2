import { defineSearchAttributeKey } from '@temporalio/common'
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import type { Stage } from '../domain/media.ts'

const stageKey = defineSearchAttributeKey('stage', 'KEYWORD')

/** Shows an operator where the workflow is: searchable as attribute `stage`, readable in the UI's current details. */
export function showStage(stage: Stage, details: string): void {
  upsertSearchAttributes([{ key: stageKey, value: stage }])
  setCurrentDetails(details)
}
