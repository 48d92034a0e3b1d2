// Node 24 runs our TypeScript as it is. An older machine gets it from npm, without touching its own.
import { SetupFault } from '../fault.mjs'
import { npmInto } from '../means/npm.mjs'
import { pins } from '../pins.mjs'
import { place } from '../cache.mjs'
import { ask } from '../run-tool.mjs'
import { majorOf, versionIn } from '../version.mjs'
import { allOnPath } from '../which.mjs'

const platform = `${process.platform}-${process.arch}`
const { version, majorMin, integrity } = pins.node
const directory = `node-${version}`

export const node = {
  name: 'node',
  lane: 'light',
  without: 'nothing runs',
  candidates: (ctx) => [
    ...(majorOf(process.versions.node) >= majorMin ? [{ node: process.execPath }] : []),
    ...allOnPath(['node']).map((path) => ({ node: path })),
    { node: ctx.cache.at(directory, 'node_modules', `node-${platform}`, 'bin', 'node') },
  ],
  async usable({ node: path }) {
    const { status, text } = await ask(path, ['--version'])
    if (status === 0 && majorOf(versionIn(text)) >= majorMin) return undefined
    return `${path} is not Node ${majorMin} or newer`
  },
  async install(ctx) {
    if (integrity[platform] === undefined) {
      throw new SetupFault(`npm has no Node ${version} for ${platform}: install Node ${majorMin} or newer yourself`)
    }
    await place(ctx.cache, directory, (tmp) =>
      npmInto(ctx, tmp, { tool: 'node', name: `node-${platform}`, version, integrity: integrity[platform] }),
    )
  },
  gives: ({ node: path }) => ({ node: path }),
}
