/**
 * `npm run stack -- start|status|stop|logs [NAME]`: the many-process version on loopback, without containers.
 * `start` leaves it running and prints where it answers (`--json` as one document, `--port N`).
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sayNone } from '../api/parameters.ts'
import { isRunning, startedOf } from '../infra/engines/processes.ts'
import { openLog, tellingLine } from '../infra/engines/logs.ts'
import { parseTools } from '../infra/engines/tools.ts'
import { parseCommand } from './arguments.ts'
import { announceInstance, documentOf, type Instance } from './instance.ts'
import { runMain, type End } from './run-main.ts'
import { optional, text, wholeNumber } from './settings.ts'
import { addresses } from './show.ts'
import { startStack } from './stack.ts'
import type { Parts } from './part.ts'

const USAGE = 'npm run stack -- start|status|stop|logs [NAME] [--json] [--port N]'
const BASE_PORT = 4200
/** Schemas are set up at the first start. */
const START_MS_MAX = 240_000
const STOP_MS_MAX = 60_000

/** What a running stack leaves for the other commands: readable by its owner only, since it holds the key. */
interface Running {
  readonly pid: number
  readonly started: string
  readonly instance?: Instance
}

const home = join(resolve(text(process.env, 'DARKROOM_HOME', '.darkroom')), 'stack')
const file = join(home, 'stack.state')
const say = (line: string) => process.stderr.write(`${line}\n`)

const { values, positionals } = parse()
const [verb = 'help', name] = positionals

const verbs: Record<string, (parts: Parts, end: End) => Promise<void>> = {
  start: async (_, end) => end(await start()),
  run: async (parts, end) => await run(parts, end),
  status: async (_, end) => end(await status()),
  stop: async (_, end) => end(await stop()),
  logs: async (_, end) => end(await logs()),
}

const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
if (!act) {
  if (verb !== 'help') say(sayNone('command', verb, ['start', 'status', 'stop', 'logs']))
  say(USAGE)
  process.exit(2)
}
await runMain(act)

function parse() {
  return parseCommand(USAGE, { allowPositionals: true, options: { json: { type: 'boolean', default: false }, port: { type: 'string' } } })
}

async function running(): Promise<Running | null> {
  const state = await readFile(file, 'utf8').catch(() => null)
  if (state === null) return null
  const found = JSON.parse(state) as Running
  return isRunning(found) ? found : null
}

async function save(state: Running): Promise<void> {
  await writeFile(file, JSON.stringify(state), { mode: 0o600 })
}

function show(instance: Instance): void {
  process.stdout.write(
    values.json ? documentOf(instance, []) : `${addresses(instance)}\n\nLogs: npm run stack -- logs [NAME]. Stop: npm run stack -- stop\n`,
  )
}

/** Starts the stack in a process of its own and waits until it answers. */
async function start(): Promise<number> {
  const before = await running()
  if (before?.instance) {
    say('the stack is running already')
    show(before.instance)
    return 0
  }
  mkdirSync(join(home, 'logs'), { recursive: true })
  const log = openLog(join(home, 'logs', 'stack.log'))
  const args = [import.meta.filename, 'run', ...(values.port === undefined ? [] : ['--port', values.port])]
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log.descriptor, log.descriptor] })
  closeSync(log.descriptor)
  let exited = false
  child.once('exit', () => {
    exited = true
  })
  const giveUpAt = Date.now() + START_MS_MAX
  let told = 0
  while (Date.now() < giveUpAt) {
    const lines = log.tail().split('\n').slice(0, -1)
    for (const line of lines.slice(told)) say(line)
    told = Math.max(told, lines.length)
    if (exited) {
      if (told === 0) say(tellingLine(log.tail()))
      return 1
    }
    const state = await running()
    if (state?.instance && state.pid === child.pid) {
      child.unref()
      show(state.instance)
      return 0
    }
    await sleep(100)
  }
  process.kill(child.pid ?? 0, 'SIGTERM')
  say(`the stack was not ready within ${START_MS_MAX / 1000} s; its log: ${log.file}`)
  return 1
}

/** The stack itself, in the foreground. */
async function run(parts: Parts, end: End): Promise<void> {
  const basePort = wholeNumber('--port', values.port, { min: 0, max: 65_000, fallback: BASE_PORT })
  const me = { pid: process.pid, started: startedOf(process.pid) ?? '' }
  const tools = parseTools(process.env['DARKROOM_TOOLS'])
  const eventsTopic = text(process.env, 'EVENTS_TOPIC', 'darkroom.media.v1')
  const compiled = optional(process.env, 'NODE_COMPILE_CACHE')
  const instance = await startStack({ home, tools, basePort, eventsTopic, compiled, say, onLost: (error) => end({ error }) }, parts)
  await save({ ...me, instance })
  parts.add({ name: 'instance file', stop: await announceInstance(home, instance) })
  parts.add({ name: 'state', stop: async () => await rm(file, { force: true }) })
}

async function status(): Promise<number> {
  const state = await running()
  if (!state?.instance) {
    say('the stack is not running: npm run stack -- start')
    return 3
  }
  show(state.instance)
  return 0
}

async function stop(): Promise<number> {
  const state = await running()
  if (!state) {
    say('the stack is not running')
    return 0
  }
  process.kill(state.pid, 'SIGTERM')
  const giveUpAt = Date.now() + STOP_MS_MAX
  while (isRunning(state)) {
    if (Date.now() > giveUpAt) {
      say(`the stack (process ${state.pid}) does not end within ${STOP_MS_MAX / 1000} s`)
      return 1
    }
    await sleep(50)
  }
  say('the stack has stopped')
  return 0
}

async function logs(): Promise<number> {
  const path = join(home, 'logs', `${name ?? 'stack'}.log`)
  const content = await readFile(path, 'utf8').catch(() => null)
  if (content === null || /[/\\]/.test(name ?? '')) {
    const names = (await readdir(join(home, 'logs')).catch(() => []))
      .filter((file) => file.endsWith('.log'))
      .map((file) => file.slice(0, -4))
    say(`there is no log ${name ?? 'stack'}${names.length > 0 ? `; there are: ${names.join(', ')}` : ''}`)
    return 1
  }
  process.stdout.write(content)
  return 0
}
