/** Workflows that look after volumes by themselves, and how often. */
export const volumeSchedules = {
  compact: { everyMs: 60 * 60_000, summary: 'gives back the space of what was erased' },
  scrub: { everyMs: 60 * 60_000, summary: 'reads every byte of the volumes that are due' },
} as const

export type VolumeWorkflow = keyof typeof volumeSchedules

/** Input of such a workflow, where a person starts it. */
export interface VolumeCareInput {
  /** These, whether they are due or not; without it, those that are. */
  readonly volumes?: readonly number[]
}

/** Where such a workflow is, as an operator finds it. */
export type CareStage = 'survey' | VolumeWorkflow | 'done'
