import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { MediaError } from '../../domain/errors.ts'
import { startedOf } from './processes.ts'
import { openSupervisor, type EngineSpec, type Supervisor } from './supervisor.ts'

function scratch(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-supervisor-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function opened(context: TestContext, home: string, onLost?: (error: MediaError, name: string) => void): Promise<Supervisor> {
  const supervisor = await openSupervisor({ home, ...(onLost ? { onLost } : {}) })
  context.after(() => supervisor.stop())
  return supervisor
}

/** A child that says `up` and stays, unless its source does something else. */
function engine(name: string, source = "process.stdout.write('up\\n'); setInterval(() => {}, 1000)"): EngineSpec {
  return { name, title: name, command: process.execPath, args: ['-e', source], ready: async ({ logTail }) => logTail().includes('up\n') }
}

const deaf = "process.on('SIGTERM', () => {}); process.stdout.write('up\\n'); setInterval(() => {}, 1000)"

test('supervisor: an engine is written down while it runs, and gone with its record after stop', async (context) => {
  const home = scratch(context)
  const supervisor = await opened(context, home)
  const { pid, exited } = await supervisor.start(engine('one'))
  const record = JSON.parse(readFileSync(join(home, 'run', 'one.json'), 'utf8')) as { pid: number; started: string }
  assert.equal(record.pid, pid)
  assert.equal(record.started, startedOf(pid))
  await supervisor.stop()
  assert.equal(startedOf(pid), null)
  assert.deepEqual(await exited, { code: null, signal: 'SIGTERM' })
  assert.equal(existsSync(join(home, 'run', 'one.json')), false)
})

test('supervisor: an engine is written down before it is ready', async (context) => {
  const home = scratch(context)
  const supervisor = await opened(context, home)
  let written = false
  const ready: EngineSpec['ready'] = async () => (written = existsSync(join(home, 'run', 'one.json')))
  await supervisor.start({ ...engine('one'), ready })
  assert.ok(written)
})

test('supervisor: engines end in reverse order of their start', async (context) => {
  const supervisor = await opened(context, scratch(context))
  const order: string[] = []
  for (const name of ['one', 'two', 'three']) {
    const { exited } = await supervisor.start(engine(name))
    void exited.then(() => order.push(name))
  }
  await supervisor.stop()
  assert.deepEqual(order, ['three', 'two', 'one'])
})

test('supervisor: one that ends before it is ready fails the start at once, in one sentence with the end of its log', async (context) => {
  const supervisor = await opened(context, scratch(context))
  const source = "process.stderr.write('listening\\nerror: the disk is upside down\\n'); process.exit(3)"
  await assert.rejects(supervisor.start({ ...engine('Odd', source), readyMsMax: 600_000 }), {
    code: 'ENGINE_FAILED',
    message: `Odd ended before it was ready, with status 3: error: the disk is upside down (log: ${join(supervisor.home, 'logs', 'Odd.log')}).`,
  })
})

test('supervisor: the reason is taken from this start, not from an earlier one in the same log', async (context) => {
  const supervisor = await opened(context, scratch(context))
  await assert.rejects(supervisor.start(engine('odd', "process.stderr.write('error: first\\n'); process.exit(1)")), /error: first/)
  await assert.rejects(supervisor.start(engine('odd', 'process.exit(1)')), /it said nothing/)
})

test('supervisor: one that is not ready in time is ended', async (context) => {
  const home = scratch(context)
  const supervisor = await opened(context, home)
  let seen = 0
  const ready: EngineSpec['ready'] = async ({ pid }) => {
    seen = pid
    return false
  }
  await assert.rejects(supervisor.start({ ...engine('slow'), ready, readyMsMax: 50 }), {
    code: 'ENGINE_FAILED',
    message: /slow was not ready within 0.05 s/,
  })
  assert.equal(startedOf(seen), null)
  assert.equal(existsSync(join(home, 'run', 'slow.json')), false)
})

test('supervisor: one that does not listen to SIGTERM is killed', async (context) => {
  const supervisor = await opened(context, scratch(context))
  const { exited, stop } = await supervisor.start({ ...engine('deaf', deaf), stopMsMax: 50 })
  await stop()
  assert.deepEqual(await exited, { code: null, signal: 'SIGKILL' })
})

test('supervisor: what ends by itself is told, with its reason; what is stopped is not', async (context) => {
  const lost = Promise.withResolvers<{ message: string; name: string }>()
  let times = 0
  const supervisor = await opened(context, scratch(context), ({ message }, name) => {
    times += 1
    lost.resolve({ message, name })
  })
  const { stop } = await supervisor.start(engine('wanted'))
  await stop()
  const { pid } = await supervisor.start(engine('one'))
  process.kill(pid, 'SIGKILL')
  const { message, name } = await lost.promise
  assert.equal(name, 'one')
  assert.match(message, /^one ended unexpectedly, by SIGKILL/)
  // It can be started again under its name.
  await supervisor.start(engine('one'))
  await supervisor.stop()
  assert.equal(times, 1)
})

test('supervisor: a stop during a start ends what was being started, and nothing starts afterwards', async (context) => {
  const home = scratch(context)
  const supervisor = await opened(context, home)
  const asked = Promise.withResolvers<number>()
  const ready: EngineSpec['ready'] = async ({ pid }) => {
    asked.resolve(pid)
    return false
  }
  const starting = assert.rejects(supervisor.start({ ...engine('slow'), ready }), {
    code: 'ENGINE_FAILED',
    message: /slow (was stopped|ended) before it was ready/,
  })
  const pid = await asked.promise
  await supervisor.stop()
  await starting
  assert.equal(startedOf(pid), null)
  await assert.rejects(supervisor.start(engine('late')), { code: 'ENGINE_FAILED', message: /late was not started/ })
  // The folder is free again.
  await (await openSupervisor({ home })).stop()
})

test('supervisor: a program that is not there is said to be missing', async (context) => {
  const supervisor = await opened(context, scratch(context))
  await assert.rejects(supervisor.start({ ...engine('none'), command: '/nowhere/at/all' }), {
    code: 'ENGINE_MISSING',
    message: /none cannot be started: \/nowhere\/at\/all is not there/,
  })
})

test('supervisor: engines see nothing of our environment', async (context) => {
  const supervisor = await opened(context, scratch(context))
  process.env['DARKROOM_SECRET_OF_OURS'] = 'secret'
  context.after(() => delete process.env['DARKROOM_SECRET_OF_OURS'])
  const { stdout } = await supervisor.run({
    name: 'env',
    title: 'env',
    command: process.execPath,
    args: ['-p', 'JSON.stringify(process.env)'],
    env: { GIVEN: 'yes' },
  })
  const seen = JSON.parse(stdout) as Record<string, string>
  assert.equal(seen['GIVEN'], 'yes')
  assert.equal(seen['DARKROOM_SECRET_OF_OURS'], undefined)
})

test('supervisor: a tool gets its input, gives its output, and fails in one sentence', async (context) => {
  const supervisor = await opened(context, scratch(context))
  const tool = (source: string) => ({ name: 'tool', title: 'The tool', command: process.execPath, args: ['-e', source] })
  assert.equal((await supervisor.run({ ...tool('process.stdin.pipe(process.stdout)'), input: 'hello' })).stdout, 'hello')
  const failing = tool("process.stderr.write('error: no\\n'); process.exit(2)")
  await assert.rejects(supervisor.run(failing), {
    code: 'ENGINE_FAILED',
    message: /^The tool ended without success, with status 2: error: no/,
  })
  assert.equal((await supervisor.run({ ...failing, mayFail: true })).status, 2)
  await assert.rejects(supervisor.run({ ...tool('setInterval(() => {}, 1000)'), msMax: 50 }), {
    code: 'ENGINE_FAILED',
    message: 'The tool did not end within 0.05 s.',
  })
})

test('supervisor: a log that has grown long is set aside, and nothing is lost of it', async (context) => {
  const home = scratch(context)
  mkdirSync(join(home, 'logs'))
  writeFileSync(join(home, 'logs', 'one.log'), Buffer.alloc(17 * 1024 ** 2, 'x'))
  const supervisor = await opened(context, home)
  await supervisor.start(engine('one'))
  assert.deepEqual(readdirSync(join(home, 'logs')).toSorted(), ['one.log', 'one.log.1'])
  assert.equal(readFileSync(join(home, 'logs', 'one.log'), 'utf8'), 'up\n')
})

// ---- starts that end otherwise: a parent of its own, which starts two engines and says their pids ----

interface Parent {
  readonly process: ChildProcess
  readonly pids: readonly number[]
}

async function parentOf(home: string, last: string, first = ''): Promise<Parent> {
  const module = JSON.stringify(new URL('supervisor.ts', import.meta.url).href)
  const source = `
    const { openSupervisor } = await import(${module})
    const supervisor = await openSupervisor({ home: ${JSON.stringify(home)} })
    const start = (name, source) => supervisor.start({ name, title: name, command: process.execPath, args: ['-e', source], ready: async ({ logTail }) => logTail().includes('up') })
    const stays = "process.stdout.write('up'); setInterval(() => {}, 1000)"
    const engines = [await start('one', stays), await start('two', stays)]
    ${first}
    process.stdout.write(JSON.stringify(engines.map(({ pid }) => pid)))
    ${last}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  return { process: child, pids: JSON.parse(text.toString()) as number[] }
}

const stays = 'setInterval(() => {}, 1000)'
const alive = (pids: readonly number[]) => pids.filter((pid) => startedOf(pid) !== null)

test('supervisor: what a killed start left running is ended by the next one', async (context) => {
  const home = scratch(context)
  const parent = await parentOf(home, stays)
  await assert.rejects(openSupervisor({ home }), { code: 'HOME_IN_USE' })
  parent.process.kill('SIGKILL')
  await once(parent.process, 'exit')
  assert.equal(alive(parent.pids).length, 2)
  const supervisor = await opened(context, home)
  assert.deepEqual(alive(parent.pids), [])
  assert.deepEqual([...supervisor.reaped].toSorted(), ['one', 'two'])
})

test('supervisor: one that was started and not yet written down when its start was killed is found as well', {
  skip: process.platform !== 'linux' && 'only Linux shows the environment of a process',
}, async (context) => {
  const home = scratch(context)
  const parent = await parentOf(home, stays)
  parent.process.kill('SIGKILL')
  await once(parent.process, 'exit')
  rmSync(join(home, 'run', 'one.json'))
  rmSync(join(home, 'run', 'two.json'))
  const supervisor = await opened(context, home)
  assert.deepEqual(alive(parent.pids), [])
  assert.equal(supervisor.reaped.length, 2)
})

test('supervisor: a process that has the pid of an engine since, but is another, is left alone', async (context) => {
  const home = scratch(context)
  mkdirSync(join(home, 'run'))
  const bystander = spawn(process.execPath, ['-e', stays], { stdio: 'ignore' })
  context.after(() => bystander.kill('SIGKILL'))
  await once(bystander, 'spawn')
  const record = { name: 'one', pid: bystander.pid, started: 'some other time', stopSignal: 'SIGKILL' }
  writeFileSync(join(home, 'run', 'one.json'), JSON.stringify(record))
  // A record that a power failure cut short.
  writeFileSync(join(home, 'run', 'two.json'), '{"name":"two","pi')
  const supervisor = await opened(context, home)
  assert.deepEqual(supervisor.reaped, [])
  assert.notEqual(startedOf(bystander.pid ?? 0), null)
  assert.deepEqual(
    readdirSync(join(home, 'run')).filter((name) => name.endsWith('.json')),
    [],
  )
})

for (const [how, last] of [
  ['leaves by process.exit()', 'process.exit(1)'],
  ['dies of an exception', "throw new Error('a mistake')"],
] as const) {
  test(`supervisor: a process that ${how} without stopping leaves no engine`, async (context) => {
    const parent = await parentOf(scratch(context), last)
    if (parent.process.exitCode === null) await once(parent.process, 'exit')
    // The kernel takes the killed ones away in its own time.
    while (alive(parent.pids).length > 0) await new Promise((done) => setTimeout(done, 5))
    assert.deepEqual(alive(parent.pids), [])
  })
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`supervisor: a process that stops on ${signal} leaves no engine`, async (context) => {
    const home = scratch(context)
    const parent = await parentOf(home, stays, `process.once('${signal}', () => supervisor.stop().then(() => process.exit(0)))`)
    parent.process.kill(signal)
    const [code] = (await once(parent.process, 'exit')) as [number | null]
    assert.equal(code, 0)
    assert.deepEqual(alive(parent.pids), [])
    assert.deepEqual((await opened(context, home)).reaped, [])
  })
}
