import type { MediaRow } from '../domain/media.ts'
import type { CheckpointStore, MediaStore, WorkflowWatch } from '../domain/ports.ts'
import { seeTo } from './abandoned.ts'
import { factsOfError, type Logger } from './logger.ts'
import { createRepeating } from './repeating.ts'
import type { Starter } from './starter.ts'

export interface ReconcilerOptions {
  readonly catalog: Pick<MediaStore, 'unstarted' | 'unerased' | 'unsettled' | 'markStarted' | 'get' | 'settle'> &
    Pick<CheckpointStore, 'forgetCheckpoints'>
  readonly workflows: WorkflowWatch
  readonly starter: Starter
  /** Younger rows are left to the request that made them. */
  readonly olderThanMs: number
  /** How often the workflow of an item that is not settled is asked whether it still runs. */
  readonly notSeenMs: number
  /** From the end of one pass to the start of the next. */
  readonly intervalMs: number
  /** Rows per look. */
  readonly batchMax?: number
  readonly logger: Logger
}

export interface Reconciler {
  start(): void
  /** Returns when a running pass has ended. */
  stop(): Promise<void>
  /** One pass; how many workflows it saw to. Never throws: what fails is logged and found again. */
  pass(): Promise<number>
}

/**
 * Begins the workflows of what was committed and not begun: between the commit and the start a process may
 * die, or Temporal be away; and sees to items whose workflow ended without settling them. Every start is idempotent,
 * so any number of reconcilers may run.
 */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { catalog, starter, logger, olderThanMs, notSeenMs, intervalMs } = options
  const batchMax = options.batchMax ?? 100
  const repeating = createRepeating(pass, intervalMs)

  async function beginAll(what: string, rows: readonly MediaRow[], begin: (row: MediaRow) => Promise<unknown>): Promise<number> {
    let begun = 0
    for (const row of rows) {
      if (repeating.isStopping()) break
      try {
        if ((await begin(row)) !== false) begun += 1
      } catch (error) {
        // One that cannot be begun must not hold up those behind it.
        logger.warn('reconcile-failed', { what, id: row.id, ...factsOfError(error) })
      }
    }
    if (begun > 0) logger.info('reconciled', { what, begun })
    return begun
  }

  async function pass(): Promise<number> {
    try {
      const unstarted = await catalog.unstarted(olderThanMs, batchMax)
      const unerased = await catalog.unerased(olderThanMs, batchMax)
      const unsettled = await catalog.unsettled(notSeenMs, batchMax)
      if (unstarted.length + unerased.length + unsettled.length === 0) return 0
      // One question instead of a time-out per row while Temporal is away.
      await starter.ping()
      const erased = await beginAll('erase', unerased, (row) => starter.erase(row))
      // Erased before it was begun: there is nothing left to bring in.
      const started = await beginAll('ingest', unstarted, (row) =>
        row.state === 'erased' ? catalog.markStarted(row.id) : starter.start(row),
      )
      const abandoned = await beginAll('abandoned', unsettled, (row) => seeTo(row, options))
      return erased + started + abandoned
    } catch (error) {
      logger.warn('reconcile-failed', { what: 'pass', ...factsOfError(error) })
      return 0
    }
  }

  return { pass, start: repeating.start, stop: repeating.stop }
}
