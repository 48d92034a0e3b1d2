// Temporal's CLI, whose `server start-dev` is the embedded engine and its UI.
import { join } from 'node:path'
import { place } from '../cache.mjs'
import { SetupFault } from '../fault.mjs'
import { goBuild, hasGo } from '../means/go.mjs'
import { sdkDownload } from '../means/sdk-download.mjs'
import { pins } from '../pins.mjs'
import { ask } from '../run-tool.mjs'
import { compareVersions, versionIn } from '../version.mjs'
import { allOnPath } from '../which.mjs'

const { version, serverMin } = pins.temporal
const directory = `temporal-${version}`

async function fill(ctx, tmp) {
  const out = join(tmp, 'temporal')
  if (!(await hasGo())) {
    try {
      return await sdkDownload(ctx, { tool: 'temporal', version, dir: tmp, out })
    } catch (error) {
      const advice = 'put `temporal` on PATH (most package managers have it), or Go, which builds it'
      throw new SetupFault(`${advice}; without Go its SDK's download was tried: ${error.message}`)
    }
  }
  await goBuild(ctx, {
    tool: 'temporal',
    module: 'temporal',
    package: 'github.com/temporalio/cli/cmd/temporal',
    out,
    version,
    about: 'once, about 4 minutes on two cores',
    variables: { 'github.com/temporalio/cli/internal/temporalcli.Version': version },
  })
}

export const temporal = {
  name: 'temporal',
  lane: 'go',
  replacedBy: 'TEMPORAL_ADDRESS',
  without: 'no workflow runs, unless TEMPORAL_ADDRESS names a server',
  candidates: (ctx) => [...allOnPath(['temporal']).map((path) => ({ temporal: path })), { temporal: ctx.cache.at(directory, 'temporal') }],
  async usable({ temporal: path }) {
    const { text } = await ask(path, ['--version'])
    const server = versionIn(text, 'Server ')
    if (server !== undefined && compareVersions(server, serverMin) >= 0) return undefined
    return `${path} carries server ${server ?? 'unknown'}, older than ${serverMin}`
  },
  async install(ctx) {
    await place(ctx.cache, directory, (tmp) => fill(ctx, tmp))
  },
  gives: ({ temporal: path }) => ({ temporal: path }),
}
