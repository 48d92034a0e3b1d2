/**
 * The process in which untrusted pixels are decoded. It holds nothing worth stealing, has no environment, and
 * may be killed at any time: pool.ts starts, watches and replaces it.
 */
import { writeFileSync } from 'node:fs'
import sharp from 'sharp'
import { MediaError } from '../../domain/errors.ts'
import { COMPILE } from './child-code.ts'
import { type FromChild, pipes, type ToChild } from './child-messages.ts'
import { deliverSync, receiveSync } from './child-pipes.ts'
import { developerOf } from './develop.ts'
import type { DecodeLimits } from './examine.ts'
import { allowOnlyLoaderOf } from './loaders.ts'
import { createRenderer, type Rendering } from './render.ts'
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

if (process.argv[2] === COMPILE) process.exit()
const limits = JSON.parse(process.argv[2] ?? '') as DecodeLimits
const render = createRenderer(limits, allowOnlyLoaderOf, process.argv[3])
const develop = developerOf(render)
const unroll = createUnroller(limits, allowOnlyLoaderOf)
process.on('message', (message) => void answer(message as ToChild))
send({ kind: 'ready' })

async function answer(job: ToChild): Promise<void> {
  const bytes = receiveSync(pipes.source, job.bytes)
  try {
    send({ kind: 'done', answer: await done(job, bytes) })
  } catch (error) {
    if (error instanceof MediaError) send({ kind: 'refused', code: error.code, detail: error.message })
    else send({ kind: 'broken', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    // No decoder is at it any more, and the next picture needs the room.
    bytes.buffer.transfer(0)
  }
}

async function done(job: ToChild, bytes: Uint8Array): Promise<Extract<FromChild, { readonly kind: 'done' }>['answer']> {
  if (job.kind === 'unroll') {
    await unroll(bytes, job.file)
    return null
  }
  const onRendition = (count: number) => send({ kind: 'progress', done: count })
  if (job.kind === 'develop') return delivered(await develop(bytes, job.plan, onRendition))
  const { files, encodeMs } = await render(bytes, job.plan, onRendition)
  return delivered({ files, encodeMs })
}

/** All but the files, which go by the pipe. */
function delivered<T extends Rendering>({ files, ...rest }: T): Omit<T, 'files'> {
  send({ kind: 'files', sizes: files.map((file) => file.length) })
  deliverSync(pipes.files, files)
  return rest
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
