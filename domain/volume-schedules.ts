/** What volumes lie on: files of one machine, or objects. */
export type VolumeGround = 'files' | 'objects'

interface VolumeSchedule {
  readonly everyMs: number
  readonly summary: string
  readonly grounds: readonly VolumeGround[]
}

/** Workflows that look after volumes by themselves, and how often. */
export const volumeSchedules = {
  compact: { everyMs: 60 * 60_000, summary: 'gives back the space of what was erased', grounds: ['files', 'objects'] },
  scrub: { everyMs: 60 * 60_000, summary: 'reads every byte of the volumes that are due', grounds: ['files', 'objects'] },
  retire: { everyMs: 60 * 60_000, summary: 'takes away the files of versions that were replaced long ago', grounds: ['files', 'objects'] },
  merge: { everyMs: 10 * 60_000, summary: 'makes one large object of the packs of each sealed volume', grounds: ['objects'] },
  gc: { everyMs: 60 * 60_000, summary: 'deletes objects that no longer count and are past their time of grace', grounds: ['objects'] },
} as const satisfies Record<string, VolumeSchedule>

export type VolumeWorkflow = keyof typeof volumeSchedules

/** Those that have something to do where volumes lie on `ground`. */
export function volumeWorkflowsOf(ground: VolumeGround): VolumeWorkflow[] {
  const all: readonly (readonly [string, VolumeSchedule])[] = Object.entries(volumeSchedules)
  return all.filter(([, { grounds }]) => grounds.includes(ground)).map(([name]) => name as VolumeWorkflow)
}

/** Input of such a workflow, where a person starts it. */
export interface VolumeCareInput {
  /** These, whether they are due or not; without it, those that are. */
  readonly volumes?: readonly number[]
}

/** Where such a workflow is, as an operator finds it. */
export type CareStage = 'survey' | VolumeWorkflow | 'done'
