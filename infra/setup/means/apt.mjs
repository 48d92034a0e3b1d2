// apt as a means: only where it can be used without asking anybody anything.
import { readFileSync, writeFileSync } from 'node:fs'
import { SetupFault } from '../fault.mjs'
import { ask, labour } from '../run-tool.mjs'
import { onPath } from '../which.mjs'

let prefix
let updated = false

/** The words in front of apt-get, or the sentence why it cannot be used. */
async function aptCall() {
  const apt = onPath('apt-get')
  if (apt === undefined) return { sentence: 'this system has no apt-get' }
  const env = ['DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C']
  if (process.getuid?.() === 0) return { words: ['env', ...env, apt] }
  const sudo = onPath('sudo')
  const free = sudo !== undefined && (await ask(sudo, ['-n', 'true'])).status === 0
  return free ? { words: [sudo, '-n', 'env', ...env, apt] } : { sentence: 'apt-get needs root or a password-less sudo' }
}

async function aptGet(ctx, tool, what, args) {
  const [file, ...words] = prefix.words
  const lock = ['-o', 'DPkg::Lock::Timeout=300']
  await labour({ tool, what, log: ctx.cache.log(tool), file, args: [...words, ...lock, ...args] })
}

/** Installs Debian packages; their lists are brought up to date once, and only when needed. */
export async function apt(ctx, tool, ...packages) {
  prefix ??= await aptCall()
  if (prefix.sentence) throw new SetupFault(`${prefix.sentence}: install ${packages.join(' and ')} yourself`)
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  const what = `installing ${packages.join(' and ')} with apt-get`
  try {
    await aptGet(ctx, tool, what, install)
  } catch (error) {
    const log = readFileSync(ctx.cache.log(tool), 'utf8')
    if (/dpkg was interrupted/.test(log)) await repair(ctx, tool)
    else if (updated) throw error
    // Lists that are absent or old: the package is unknown, or its file is gone from the mirror.
    if (!updated) await aptGet(ctx, tool, 'bringing the package lists up to date', ['update'])
    updated = true
    // The first failure is explained away: what the log then says is about the second try.
    writeFileSync(ctx.cache.log(tool), '')
    await aptGet(ctx, tool, what, install)
  }
}

async function repair(ctx, tool) {
  const words = prefix.words.slice(0, -1)
  const [file, ...args] = [...words, 'dpkg', '--configure', '-a']
  await labour({ tool, what: 'finishing an interrupted dpkg', log: ctx.cache.log(tool), file, args })
}
