// The program itself, under Node 24, with what set-up found in its environment.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { SetupFault } from './fault.mjs'

const ORPHAN_LOOK_MS = 500
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** A terminal hands Ctrl-C to the whole group: to forward it would make it two, and two mean "at once". */
function isForwarded(signal) {
  const terminal = process.stdin.isTTY || process.stderr.isTTY
  return signal === 'SIGTERM' || !terminal
}

export function statusOf(code, signal) {
  return signal === null ? code : 128 + constants.signals[signal]
}

/** Runs `main` to its end and gives the status to exit with. */
export function launch({ node, repo, main, args, env }) {
  const file = join(repo, main)
  if (!existsSync(file)) throw new SetupFault(`${main} is not there: this checkout is not whole`)
  return new Promise((done, refuse) => {
    let child
    // Before the start: a signal in between must not leave the program without its parent.
    for (const signal of signals) {
      process.on(signal, () => {
        if (isForwarded(signal)) child.kill(signal)
      })
    }
    child = spawn(node, [file, ...args], { stdio: 'inherit', env })
    child.once('error', (error) => refuse(new SetupFault(`${node} could not be started: ${error.code}`)))
    // Whoever kills npm alone means the program: without a parent nobody is left to end it.
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid !== parent) child.kill('SIGTERM')
    }, ORPHAN_LOOK_MS)
    child.once('exit', (code, signal) => {
      clearInterval(watch)
      done(statusOf(code, signal))
    })
  })
}
