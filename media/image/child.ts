/**
 * The process in which untrusted pixels are decoded. It holds nothing worth stealing, has no environment, and
 * may be killed at any time: pool.ts starts, watches and replaces it.
 */
import { writeFileSync } from 'node:fs'
import sharp from 'sharp'
import { MediaError } from '../../domain/errors.ts'
import type { FromChild, ToChild } from './child-messages.ts'
import { createDeveloper } from './develop.ts'
import type { DecodeLimits } from './examine.ts'
import { allowOnlyLoaderOf } from './loaders.ts'
import { createUnroller } from './unroll.ts'

// Parallel items come from more children; results of one item are of no use to the next.
sharp.concurrency(1)
sharp.cache(false)

// Without its parent there is nobody to answer to. SIGKILL, because exit() would wait for a decode under way.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// A terminal's Ctrl-C and a service manager's stop reach the whole group; the parent decides when work ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
offerToOutOfMemoryKiller()

const limits = JSON.parse(process.argv[2] ?? '') as DecodeLimits
const develop = createDeveloper(limits, allowOnlyLoaderOf)
const unroll = createUnroller(limits, allowOnlyLoaderOf)
process.on('message', (message) => void answer(message as ToChild))
send({ kind: 'ready' })

async function answer(job: ToChild): Promise<void> {
  try {
    if (job.kind === 'unroll') await unroll(job.bytes, job.file)
    const development = job.kind === 'develop' ? await develop(job.bytes, job.plan, (done) => send({ kind: 'progress', done })) : null
    send({ kind: 'done', answer: development })
  } catch (error) {
    if (error instanceof MediaError) send({ kind: 'refused', code: error.code, detail: error.message })
    else send({ kind: 'broken', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

function send(message: FromChild): void {
  process.send?.(message)
}

/** When the machine runs out of memory the kernel should take this process, not the one that keeps the books. */
function offerToOutOfMemoryKiller(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000')
  } catch {
    // Only Linux has it, and it is a precaution.
  }
}
