import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import sharp from 'sharp'
import { codeOf } from '../../domain/errors.ts'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import type { ImagePlan } from '../../domain/plans.ts'
import { standard } from '../../domain/presets/standard.ts'
import { createDecoderPool, type DecoderPool, type PoolLimits } from './pool.ts'
import { busyPixels, flat } from './specimens.ts'
import { readHeader } from './header.ts'
import { createImageStudio } from './studio.ts'

const planOf = (bytes: Uint8Array, type: 'image/png' | 'image/jpeg'): ImagePlan =>
  planImage(readHeader(bytes, type).probe, standard, { filter: null, version: 1 })
const large = await sharp(busyPixels(3000, 2000), { raw: { width: 3000, height: 2000, channels: 3 } })
  .jpeg()
  .toBuffer()
const largeJob = { kind: 'develop' as const, bytes: large, plan: planOf(large, 'image/jpeg') }
const small = await flat([1, 2, 3], 'png', 8)
const smallJob = { kind: 'develop' as const, bytes: small, plan: planOf(small, 'image/png') }
const quiet = { onProgress: () => undefined }

async function withPool(slots: number, changed: Partial<PoolLimits>, use: (pool: DecoderPool) => Promise<void>): Promise<void> {
  const pool = createDecoderPool({ slots, limits: { ...limits, ...changed } })
  try {
    await use(pool)
  } finally {
    await pool.close()
    assert.deepEqual(pool.pids(), [])
  }
}
const codeAfter = async (work: Promise<unknown>) => await work.then(() => null, codeOf)

test('pool: one warm child answers two hundred items', async () => {
  await withPool(1, {}, async (pool) => {
    await pool.run(smallJob, quiet)
    const before = pool.pids()
    for (let item = 0; item < 200; item++) assert.equal((await pool.run(smallJob, quiet)).files.length, 2)
    for (let item = 0; item < 3; item++) assert.equal((await pool.run(largeJob, quiet)).files.length, 10)
    assert.deepEqual(pool.pids(), before)
  })
})

test('pool: the bytes of an item are let go of once it is answered, though its child lives on', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await withPool(1, {}, async (pool) => {
    const develop = async () => {
      const bytes = Buffer.alloc(small.length + 1_000_000)
      bytes.set(small)
      await pool.run({ ...smallJob, bytes }, quiet)
      return new WeakRef(bytes)
    }
    const references = [await develop(), await develop(), await develop()]
    await new Promise((resolve) => setImmediate(resolve))
    collect()
    // The last one may still be on the stack of what has just run.
    assert.ok(references.slice(0, 2).every((reference) => reference.deref() === undefined))
  })
})

test('pool: no more children than slots, and every item gets its turn', async () => {
  await withPool(2, {}, async (pool) => {
    const most: number[] = []
    await Promise.all(Array.from({ length: 12 }, async () => await pool.run(smallJob, { onProgress: () => most.push(pool.pids().length) })))
    assert.ok(Math.max(...most) <= 2)
  })
})

test('pool: a child killed from outside takes only its item with it', async () => {
  await withPool(2, {}, async (pool) => {
    await pool.run(smallJob, quiet)
    const [pid = 0] = pool.pids()
    const struck = pool.run(largeJob, { onProgress: (done) => void (done === 1 && process.kill(pid, 'SIGKILL')) })
    const other = pool.run(largeJob, quiet)
    assert.equal(await codeAfter(struck), 'WORKER_LOST')
    assert.equal((await other).files.length, 10)
    assert.equal((await pool.run(smallJob, quiet)).files.length, 2)
  })
})

test('pool: an idle child that was killed is replaced unnoticed or reported as lost, and the pool lives on', async () => {
  await withPool(1, {}, async (pool) => {
    await pool.run(smallJob, quiet)
    process.kill(pool.pids()[0] ?? 0, 'SIGKILL')
    assert.ok([null, 'WORKER_LOST'].includes(await codeAfter(pool.run(smallJob, quiet))))
    assert.equal(await codeAfter(pool.run(smallJob, quiet)), null)
  })
})

test('pool: abort kills the work under way and lets what waits go', async () => {
  await withPool(1, {}, async (pool) => {
    const [first, second] = [new AbortController(), new AbortController()]
    const working = pool.run(largeJob, { signal: first.signal, onProgress: () => first.abort(new Error('enough')) })
    const waiting = pool.run(largeJob, { signal: second.signal, ...quiet })
    const patient = pool.run(smallJob, quiet)
    second.abort()
    assert.equal(await codeAfter(waiting), 'WORKER_LOST')
    await assert.rejects(working, (error: Error) => codeOf(error) === 'WORKER_LOST' && (error.cause as Error).message === 'enough')
    assert.equal(await codeAfter(patient), null)
    assert.equal(await codeAfter(pool.run(smallJob, { signal: AbortSignal.abort(), ...quiet })), 'WORKER_LOST')
  })
})

test('pool: too long and too much memory end the child and refuse the item for good', async () => {
  await withPool(1, { imageDecodeMsMax: 1 }, async (pool) => assert.equal(await codeAfter(pool.run(largeJob, quiet)), 'MEDIA_TOO_COSTLY'))
  // Where the system does not tell how much memory a process has, only time is limited.
  if (process.platform !== 'linux') return
  await withPool(1, { imageChildRssBytesMax: 1_000_000 }, async (pool) =>
    assert.equal(await codeAfter(pool.run(largeJob, quiet)), 'MEDIA_TOO_COSTLY'),
  )
})

test('pool: a child is replaced when it has worked long or has grown', async () => {
  for (const changed of [{ imageChildItemsMax: 1 }, ...(process.platform === 'linux' ? [{ imageChildIdleRssBytesMax: 1 }] : [])])
    await withPool(1, changed, async (pool) => {
      const seen = new Set<number>()
      for (let item = 0; item < 3; item++) await pool.run(smallJob, { onProgress: () => void pool.pids().forEach((pid) => seen.add(pid)) })
      assert.equal(seen.size, 3)
    })
})

test('pool: an error in a progress listener ends that item only', async () => {
  await withPool(1, {}, async (pool) => {
    const listener = () => {
      throw new Error('listener')
    }
    assert.equal(await codeAfter(pool.run(largeJob, { onProgress: listener })), 'WORKER_LOST')
    assert.equal(await codeAfter(pool.run(smallJob, quiet)), null)
  })
})

test('pool: closed, it refuses and what worked is lost', async () => {
  const pool = createDecoderPool({ slots: 1, limits })
  const working = codeAfter(pool.run(largeJob, { onProgress: () => void pool.close() }))
  assert.equal(await working, 'WORKER_LOST')
  await pool.close()
  assert.equal(await codeAfter(pool.run(smallJob, quiet)), 'WORKER_LOST')
})

test('pool: children see no environment and die with their parent, even when it is killed', async () => {
  const script = `
    import { createDecoderPool } from ${JSON.stringify(new URL('./pool.ts', import.meta.url).href)}
    import { limits } from ${JSON.stringify(new URL('../../domain/limits.ts', import.meta.url).href)}
    const { bytes, plan } = JSON.parse(process.env.JOB)
    const pool = createDecoderPool({ slots: 1, limits })
    await pool.run({ kind: 'develop', bytes: Buffer.from(bytes, 'base64'), plan }, { onProgress() {} })
    console.log(pool.pids()[0])
    setInterval(() => undefined, 1_000)`
  const job = JSON.stringify({ bytes: small.toString('base64'), plan: smallJob.plan })
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { JOB: job },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(line)
  assert.ok(pid > 0 && isAlive(pid))
  if (process.platform === 'linux') {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
    assert.ok(!environment.includes('JOB='), environment)
  }
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  const deadline = Date.now() + 20_000
  while (isAlive(pid) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(!isAlive(pid), 'the child outlived its parent')
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('pool: what takes much memory is decoded alone, in its turn, beside no idle child', async () => {
  const pool = createDecoderPool({ slots: 2, limits: { ...limits, imageDecodeBytesPerSlot: 50 } })
  try {
    const order: string[] = []
    const run = async (name: string, decodeBytes: number) => {
      await pool.run(smallJob, { decodeBytes, onProgress() {} })
      order.push(name)
      return pool.pids().length
    }
    await Promise.all([run('first', 10), run('second', 10)])
    assert.equal(pool.pids().length, 2, 'both stay warm')
    order.length = 0
    const began = [run('light', 40), run('heavy', 500), run('after', 10)]
    const [, besideHeavy] = await Promise.all(began)
    assert.deepEqual(order.slice(0, 2), ['light', 'heavy'], 'nobody passes')
    assert.ok((besideHeavy ?? 9) <= 2, `${besideHeavy} children`)
    const kept = pool.pids()
    const seen: number[] = []
    await pool.run(smallJob, { decodeBytes: 500, onProgress: () => seen.push(...pool.pids()) })
    assert.equal(new Set(seen).size, 1, 'idle ones are ended')
    assert.ok(!kept.includes(seen[0] ?? 0), 'none of them does it')
    assert.deepEqual(pool.pids(), [], 'and what did it is ended too')
  } finally {
    await pool.close()
  }
})

test('pool: children find their code compiled in a folder, which goes with the pool unless it was given', async () => {
  const given = await mkdtemp(join(tmpdir(), 'darkroom-test-'))
  try {
    const pool = createDecoderPool({ slots: 1, limits, codeFolder: given })
    await pool.run(smallJob, quiet)
    await pool.close()
    assert.ok((await readdir(given)).length > 0)
  } finally {
    await rm(given, { recursive: true })
  }
})

/** A child that has a mind of its own: what it does with a job is `answer`, JavaScript. */
async function withProgram(answer: string, use: (program: string) => Promise<void>, compile = 'process.exit()'): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-test-'))
  const program = join(folder, 'child.mjs')
  const lines = [`if (process.argv[2] === "compile") ${compile}`, 'process.on("disconnect", () => process.exit())']
  await writeFile(program, [...lines, `process.on("message", (job) => { ${answer} })`, 'process.send?.({ kind: "ready" })'].join('\n'))
  try {
    await use(program)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('pool: a child that refuses a picture without having read it is gone before the picture is given back, and another does the next', async () => {
  const refuse = 'process.send({ kind: "progress", done: 1 }); process.send({ kind: "refused", code: "MEDIA_CORRUPT", detail: "unread" })'
  await withProgram(refuse, async (program) => {
    const pool = createDecoderPool({ slots: 1, limits, program })
    const seen: number[] = []
    const more = { ...smallJob, bytes: Buffer.alloc(20_000_000) }
    for (const job of [more, more]) {
      const code = await codeAfter(pool.run(job, { onProgress: () => seen.push(...pool.pids()) }))
      assert.deepEqual([code, pool.pids()], ['MEDIA_CORRUPT', []])
    }
    assert.equal(new Set(seen).size, 2)
    await pool.close()
  })
})

test('pool: a child is ended when its answer is not taken', async () => {
  await withPool(1, { batchBytesMax: 1 }, async (pool) => {
    await assert.rejects(pool.run(smallJob, quiet), /^Error: files of/)
    assert.deepEqual(pool.pids(), [])
  })
  await withPool(1, {}, async (pool) => {
    const take = () => {
      throw new Error('other files')
    }
    await assert.rejects(pool.run(smallJob, { ...quiet, take }), /other files/)
    assert.deepEqual(pool.pids(), [])
    assert.equal((await pool.run(smallJob, quiet)).files.length, 2)
  })
})

test('pool: a child is ended that says more than its answer', async () => {
  for (const answer of [
    'process.send({ kind: "files", sizes: [5] }); process.send({ kind: "refused", code: "MEDIA_CORRUPT", detail: "" })',
    'process.send({ kind: "files", sizes: [5] }); process.send({ kind: "done", answer: null })',
    'process.send({ kind: "broken", detail: "" })',
  ])
    await withProgram(answer, async (program) => {
      const pool = createDecoderPool({ slots: 1, limits, program })
      await pool.run({ kind: 'unroll', bytes: small, file: '/nowhere' }, quiet).catch(() => undefined)
      assert.deepEqual(pool.pids(), [], answer)
      await pool.close()
    })
})

test('pool: the image studio takes no answer to another plan, and ends who gave it', async () => {
  await withProgram('process.send({ kind: "done", answer: { encodeMs: [] } })', async (program) => {
    const studio = createImageStudio({ slots: 1, limits, program })
    await assert.rejects(studio.render(small, smallJob.plan, {}), /other files than planned/)
    assert.deepEqual(studio.pids(), [])
    await studio.close()
  })
})

test('pool: pictures do not wait for ever for compiled code, and what there is of it goes', async () => {
  const answer = 'process.send({ kind: "refused", code: "MEDIA_CORRUPT", detail: process.env.NODE_COMPILE_CACHE ?? "not compiled" })'
  for (const compile of ['setInterval(() => undefined, 1_000)', 'process.exit(1)'])
    await withProgram(
      answer,
      async (program) => {
        const temporary = await mkdtemp(join(tmpdir(), 'darkroom-test-'))
        const usual = process.env['TMPDIR']
        process.env['TMPDIR'] = temporary
        const pool = createDecoderPool({ slots: 1, limits: { ...limits, imageChildStartMsMax: 3_000 }, program })
        try {
          await assert.rejects(pool.run(smallJob, quiet), /not compiled/)
          assert.deepEqual(await readdir(temporary), [])
        } finally {
          if (usual === undefined) delete process.env['TMPDIR']
          else process.env['TMPDIR'] = usual
          await pool.close()
          await rm(temporary, { recursive: true })
        }
      },
      compile,
    )
})
