// One set-up at a time per tool, held by a file that names its holder. A dead
// holder's lock is taken over; no process has to clean up after a kill -9.
import { linkSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'

const pollMs = 250
// Holders in another container or machine cannot be looked at; no build of ours lasts this long.
const foreignAgeMsMax = 60 * 60 * 1000

/** When process `pid` began, as the kernel tells it: a pid that was given out again has another one. */
export function startedAt(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

export function isAlive(holder, ageMs, host = hostname()) {
  if (holder.host !== host) return ageMs < foreignAgeMsMax
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if (error.code !== 'EPERM') return false
  }
  return holder.started === undefined || startedAt(holder.pid) === holder.started
}

function read(file) {
  try {
    return { holder: JSON.parse(readFileSync(file, 'utf8')), ageMs: Date.now() - statSync(file).mtimeMs }
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

let turn = 0

/** The lock appears with its content at once (a link, not open-then-write), or not at all. */
function tryTake(file) {
  const id = `${process.pid}-${Date.now()}-${++turn}`
  const draft = `${file}.${id}.draft`
  const holder = { id, pid: process.pid, host: hostname(), started: startedAt(process.pid) }
  writeFileSync(draft, JSON.stringify(holder))
  try {
    linkSync(draft, file)
    return id
  } catch (error) {
    if (error.code === 'EEXIST') return undefined
    throw error
  } finally {
    unlinkSync(draft)
  }
}

/** Only the holder of the right to bury `dead` may remove its lock, and that right is itself a lock. */
async function bury(file, dead) {
  await withLock(`${file}.${dead.id}`, () => {
    if (read(file)?.holder.id === dead.id) unlinkSync(file)
  })
}

/** Runs `work` while holding `file`; calls `waiting(holder)` once when another has it. */
export async function withLock(file, work, waiting = () => {}) {
  mkdirSync(dirname(file), { recursive: true })
  let told = false
  for (;;) {
    const id = tryTake(file)
    if (id !== undefined) {
      try {
        return await work()
      } finally {
        if (read(file)?.holder.id === id) unlinkSync(file)
      }
    }
    const other = read(file)
    if (other === undefined) continue
    if (!isAlive(other.holder, other.ageMs)) {
      await bury(file, other.holder)
      continue
    }
    if (!told) waiting(other.holder)
    told = true
    await new Promise((done) => setTimeout(done, pollMs))
  }
}
