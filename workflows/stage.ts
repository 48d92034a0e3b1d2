import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common'
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import type { Stage } from '../domain/media.ts'
import type { CareStage } from '../domain/volume-schedules.ts'

const stageKey = defineSearchAttributeKey('stage', 'KEYWORD')

/** Shows an operator where the workflow is: searchable as attribute `stage`, readable in the UI's current details. */
export function showStage(stage: Stage | CareStage, details: string): void {
  upsertSearchAttributes([{ key: stageKey, value: stage }])
  setCurrentDetails(details)
}

/** What an operator finds an item's child workflows by: the same as its parent's. */
export function searchAttributesOf(facts: {
  readonly mediaId: string
  readonly tenant: string
  readonly kind: string
}): SearchAttributePair[] {
  return (['mediaId', 'tenant', 'kind'] as const).map((name) => ({ key: defineSearchAttributeKey(name, 'KEYWORD'), value: facts[name] }))
}
