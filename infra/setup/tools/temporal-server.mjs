// The full Temporal server with its SQL tool and PostgreSQL schema: one version, one directory.
// The outputs are named here because both Go packages would call themselves otherwise.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { place } from '../cache.mjs'
import { goBuild, goModuleDir } from '../means/go.mjs'
import { pins } from '../pins.mjs'
import { ask } from '../run-tool.mjs'
import { versionIn } from '../version.mjs'

const { version } = pins.temporalServer
const directory = `temporal-server-${version}`
const schema = ['schema', 'postgresql', 'v12']

/** Go's module cache is read-only, and a copy that keeps the modes could not be removed again. */
function copyPlain(from, to) {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyPlain(source, target)
    else if (entry.isFile()) writeFileSync(target, readFileSync(source))
  }
}

async function fill(ctx, tmp) {
  const build = { tool: 'temporal-server', module: 'temporal', version }
  await goBuild(ctx, {
    ...build,
    package: 'go.temporal.io/server/cmd/server',
    out: join(tmp, 'temporal-server'),
    about: 'seconds after the CLI, minutes alone',
  })
  await goBuild(ctx, {
    ...build,
    package: 'go.temporal.io/server/cmd/tools/sql',
    out: join(tmp, 'temporal-sql-tool'),
    about: 'its SQL tool',
  })
  copyPlain(join(await goModuleDir(ctx, 'temporal', 'go.temporal.io/server'), ...schema), join(tmp, ...schema))
}

export const temporalServer = {
  name: 'temporal-server',
  lane: 'go',
  without: 'the many-process stack has no workflow engine',
  candidates: (ctx) => [
    {
      temporalServer: ctx.cache.at(directory, 'temporal-server'),
      temporalSqlTool: ctx.cache.at(directory, 'temporal-sql-tool'),
      temporalSchema: ctx.cache.at(directory, ...schema),
    },
  ],
  async usable({ temporalServer: server, temporalSqlTool: sqlTool }) {
    for (const path of [server, sqlTool]) {
      const { status, text } = await ask(path, ['--version'])
      if (status !== 0 || versionIn(text, 'version ') !== version) return `${path} is not ${version}`
    }
    return undefined
  },
  async install(ctx) {
    await place(ctx.cache, directory, (tmp) => fill(ctx, tmp))
  },
  gives: (files) => files,
}
