// node_modules: installed when absent, and again when package-lock.json has changed.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { refuseFullDisk } from './disk.mjs'
import { SetupFault, sentenceOf } from './fault.mjs'
import { withLock } from './lock.mjs'
import { npmCall } from './means/npm.mjs'
import { labour } from './run-tool.mjs'
import { say } from './say.mjs'

const platform = `${process.platform}-${process.arch}`

function textOf(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** What the stamp must say for node_modules to belong to this lock file on this platform. */
export function stampFor(lockText) {
  return `${createHash('sha256').update(lockText).digest('hex')} ${platform}\n`
}

/**
 * Whether npm's own record of what it put into node_modules matches the lock: then somebody
 * has run `npm ci` or `npm install` by hand, and need not wait for it twice.
 */
export function matchesRecord(lock, record) {
  return Object.entries(lock.packages ?? {}).every(([path, wanted]) => {
    if (path === '' || wanted.link) return true
    const got = record.packages?.[path]
    if (got === undefined) return wanted.optional === true || wanted.devOptional === true || wanted.peer === true
    return got.version === wanted.version && got.integrity === wanted.integrity
  })
}

export function isFresh(repo) {
  const lockText = textOf(join(repo, 'package-lock.json'))
  if (lockText === undefined) return existsSync(join(repo, 'node_modules'))
  return textOf(join(repo, 'node_modules', '.darkroom-stamp')) === stampFor(lockText)
}

function adopt(repo) {
  const record = textOf(join(repo, 'node_modules', '.package-lock.json'))
  const lockText = textOf(join(repo, 'package-lock.json'))
  if (record === undefined || lockText === undefined) return false
  try {
    if (!matchesRecord(JSON.parse(lockText), JSON.parse(record))) return false
  } catch {
    return false
  }
  writeStamp(repo)
  return true
}

/** Last, so that an install which was cut short has none. (`npm ci` begins by removing the old one.) */
function writeStamp(repo) {
  const stamp = stampFor(readFileSync(join(repo, 'package-lock.json'), 'utf8'))
  writeFileSync(join(repo, 'node_modules', '.darkroom-stamp'), stamp)
}

export async function ensurePackages(ctx) {
  if (isFresh(ctx.repo)) return
  const name = `packages-${createHash('sha256').update(ctx.repo).digest('hex').slice(0, 12)}`
  const waiting = (holder) => say('packages', `another set-up (process ${holder.pid}) is at it, waiting`)
  await withLock(ctx.cache.lock(name), () => install(ctx), waiting)
}

async function npm(ctx, what, command) {
  const call = npmCall(ctx.node)
  await labour({
    tool: 'packages',
    what,
    log: ctx.cache.log('packages'),
    file: call.file,
    args: [...call.args, ...command, '--no-audit', '--no-fund', '--loglevel=error', '--include=dev'],
    cwd: ctx.repo,
    env: { PATH: call.path },
  })
}

async function install(ctx) {
  if (isFresh(ctx.repo) || adopt(ctx.repo)) return
  const log = ctx.cache.log('packages')
  try {
    writeFileSync(log, '')
    try {
      await npm(ctx, 'npm ci', ['ci'])
    } catch (error) {
      // npm ci insists on entries for other platforms' optional packages, even those which the
      // registry did not have when the lock was written. npm install takes what is locked, too.
      if (!/npm error code EUSAGE/.test(textOf(log) ?? '')) throw error
      await npm(ctx, 'npm ci refuses the lock file; npm install, which leaves the lock as it is', ['install', '--no-save'])
    }
    refuseFullDisk(ctx.repo, log)
    writeStamp(ctx.repo)
  } catch (error) {
    throw new SetupFault(`the npm packages could not be installed: ${sentenceOf(error)}`)
  }
}
