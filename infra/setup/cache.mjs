// The per-user cache. Whatever stands in it under its final name is whole: it was
// filled under another name on the same disk and then renamed.
import { accessSync, chmodSync, constants, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { SetupFault, sentenceOf } from './fault.mjs'

/** Root's cache lies outside /root: PostgreSQL refuses root, and another user must be able to reach it. */
export function cacheDir(env = process.env, uid = process.getuid?.()) {
  if (env.DARKROOM_CACHE) return resolve(env.DARKROOM_CACHE)
  if (uid === 0) return '/var/cache/darkroom'
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'darkroom')
  return join(env.HOME || homedir() || tmpdir(), '.cache', 'darkroom')
}

export function openCache(dir = cacheDir()) {
  try {
    for (const part of ['', 'logs', '.tmp', '.locks']) mkdirSync(join(dir, part), { recursive: true })
    accessSync(dir, constants.W_OK)
  } catch (error) {
    const reason = sentenceOf(error)
    throw new SetupFault(`the cache ${dir} cannot be written: ${reason}; name another with DARKROOM_CACHE`)
  }
  return {
    dir,
    at: (...parts) => join(dir, ...parts),
    log: (tool) => join(dir, 'logs', `${tool}.log`),
    lock: (tool) => join(dir, '.locks', `${tool}.lock`),
  }
}

/** A killed set-up's npm or compiler may still be writing there: what cannot go now goes next time. */
function sweep(dir) {
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  } catch {
    // It is in nobody's way: no two attempts share a name.
  }
}

/**
 * Fills `name` in the cache through `fill(tmp)`. The caller holds the tool's lock,
 * so every older attempt found below .tmp is a dead one's and is swept away.
 */
export async function place(cache, name, fill) {
  const prefix = `${name}.`
  for (const old of readdirSync(cache.at('.tmp'))) {
    if (old.startsWith(prefix)) sweep(cache.at('.tmp', old))
  }
  const tmp = cache.at('.tmp', `${prefix}${process.pid}`)
  mkdirSync(tmp)
  chmodSync(tmp, 0o755)
  try {
    await fill(tmp)
    const final = cache.at(name)
    // What stands there was looked at and found unusable, or nobody would be filling it.
    rmSync(final, { recursive: true, force: true })
    renameSync(tmp, final)
    return final
  } finally {
    rmSync(tmp, { recursive: true, force: true })
  }
}
