// Other programs: short questions, and long work whose output goes to a log.
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { setPriority } from 'node:os'
import { dirname } from 'node:path'
import { causeIn, SetupFault } from './fault.mjs'
import { say } from './say.mjs'

const questionMsMax = 20_000
const heartbeatMs = 20_000
const children = new Set()

/** Ends what set-up started: called when set-up itself is told to end. */
export function endChildren(signal) {
  for (const child of children) child.kill(signal)
}

function start(file, args, options) {
  const child = spawn(file, args, options)
  children.add(child)
  child.once('close', () => children.delete(child))
  child.once('error', () => children.delete(child))
  return child
}

/** Status and everything printed; never throws: a program that cannot be started has status undefined. */
export function ask(file, args, options = {}) {
  return new Promise((done) => {
    const child = start(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: questionMsMax, ...options })
    let text = ''
    child.stdout.on('data', (part) => (text += part))
    child.stderr.on('data', (part) => (text += part))
    child.once('error', () => done({ status: undefined, text }))
    child.once('close', (status) => done({ status: status ?? undefined, text }))
  })
}

/**
 * Runs a long job at low priority, its output in `log`, a line on stderr now and then.
 * A job that fails is a SetupFault with the cause the log's end gives away.
 */
export function labour({ tool, what, log, file, args, cwd, env }) {
  say(tool, what)
  mkdirSync(dirname(log), { recursive: true })
  const out = openSync(log, 'a')
  const mark = Buffer.byteLength(readFileSync(log))
  writeSync(out, `\n$ ${file} ${args.join(' ')}\n`)
  const began = Date.now()
  const secondsSince = () => Math.round((Date.now() - began) / 1000)
  return new Promise((done, refuse) => {
    const child = start(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', out, out] })
    try {
      if (child.pid !== undefined) setPriority(child.pid, 5)
    } catch {
      // It may have ended already.
    }
    const heartbeat = setInterval(() => say(tool, `still at it, ${secondsSince()} s (${log})`), heartbeatMs)
    const end = (reason) => {
      clearInterval(heartbeat)
      closeSync(out)
      if (reason === undefined) return done()
      const cause = causeIn(readFileSync(log).subarray(mark).toString().slice(-8000))
      refuse(new SetupFault(`${cause ?? reason} (log: ${log})`))
    }
    child.once('error', (error) => end(`${file} could not be started: ${error.code}`))
    child.once('close', (status, signal) => {
      end(status === 0 ? undefined : `${file} ended with ${signal ?? `status ${status}`}`)
    })
  })
}
