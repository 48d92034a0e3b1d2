// What was already looked at. Asking ten programs for their version costs seconds;
// a stat per file costs nothing, and a file that has not changed needs no new answer.
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { pins } from './pins.mjs'

// A tool that could not be had is not tried again at every start; `npm run setup` always tries.
export const failureAgeMsMax = 60 * 60 * 1000

const pinsHash = createHash('sha256').update(JSON.stringify(pins)).digest('hex').slice(0, 16)

/** A print of the files as they are now; undefined when one is gone. */
export function printOf(files) {
  try {
    return Object.values(files)
      .map((file) => {
        const { mtimeMs, size } = statSync(file)
        return `${file}|${mtimeMs}|${size}`
      })
      .join('\n')
  } catch {
    return undefined
  }
}

export function openStamps(file, now = Date.now) {
  let known = {}
  try {
    const read = JSON.parse(readFileSync(file, 'utf8'))
    if (read.pins === pinsHash) known = read.tools
  } catch {
    // None yet, or unreadable: everything is looked at anew.
  }
  // Two set-ups may write at once: the last one wins, and costs the other a second look.
  // A full disk costs that too, and is no reason to refuse what was found.
  const write = () => {
    const draft = `${file}.${process.pid}`
    try {
      writeFileSync(draft, JSON.stringify({ pins: pinsHash, tools: known }, undefined, 1))
      renameSync(draft, file)
    } catch {
      rmSync(draft, { force: true })
    }
  }
  return {
    isVerified: (tool, files) => {
      const print = printOf(files)
      return print !== undefined && known[tool]?.print === print
    },
    verified: (tool, files) => {
      known[tool] = { print: printOf(files) }
      write()
    },
    /** The sentence of a recent failure, unless PATH or age gives reason to hope. */
    recentFailure: (tool) => {
      const failed = known[tool]?.failed
      const fresh = failed && now() - failed.at < failureAgeMsMax && failed.path === process.env.PATH
      return fresh ? failed.sentence : undefined
    },
    failed: (tool, sentence) => {
      known[tool] = { failed: { sentence, at: now(), path: process.env.PATH } }
      write()
    },
  }
}
