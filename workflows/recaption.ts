import { condition, defineSignal, setHandler, setWorkflowOptions, sleep } from '@temporalio/workflow'
import { CAPTIONS_CHANGED, type RecaptionInput } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

/** A film that is being finished is ready in seconds; one that waits out an outage may take a day. */
const WAIT_MS_MIN = 1_000
const WAIT_MS_MAX = 60_000
const WAITS_MAX = 1_500

const changed = defineSignal(CAPTIONS_CHANGED)

/**
 * Captions that were given to a film, or taken from it, after its playlists were made. Whoever changes some signals, and
 * begins the run where there is none: what comes while one looks is looked at again, so that none is forgotten.
 */
export async function recaption(input: RecaptionInput): Promise<{ readonly changes: number }> {
  let [due, changes] = [false, 0]
  setHandler(changed, () => {
    due = true
  })
  await condition(() => due)
  for (let waits = 0; due && waits < WAITS_MAX; ) {
    due = false
    showStage('publish', 'Putting captions into the playlists.')
    const { outcome, tracks } = await activity('recaptionVideo')(input)
    if (outcome === 'changed') changes += 1
    if (outcome === 'unfinished') {
      showStage('publish', 'Waiting for the film to be finished.')
      await sleep(Math.min(WAIT_MS_MAX, WAIT_MS_MIN * 2 ** Math.min(waits, 6)))
      waits += 1
      due = true
    } else showStage('done', `${tracks} captions, ${changes} changes.`)
  }
  return { changes }
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, recaption)
