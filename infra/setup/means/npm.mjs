// npm as a means: a pinned package, checked against a pinned hash, into the cache.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { refuseFullDisk } from '../disk.mjs'
import { SetupFault } from '../fault.mjs'
import { labour } from '../run-tool.mjs'
import { isProgram, onPath } from '../which.mjs'

/**
 * How npm is called: by the Node that runs it, where npm is a script we can name,
 * so that an old Node on PATH does not install for itself.
 */
export function npmCall(node, env = process.env) {
  const beside = join(dirname(node), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js')
  const script = [env.npm_execpath, beside].find((path) => path?.endsWith('npm-cli.js') && isReadable(path))
  if (script !== undefined) return { file: node, args: [script], path: pathWith(node, env) }
  const npm = onPath('npm')
  if (npm === undefined) throw new SetupFault('npm is not on PATH: install Node.js together with its npm')
  return { file: npm, args: [], path: pathWith(node, env) }
}

function pathWith(node, env) {
  return `${dirname(node)}:${env.PATH ?? ''}`
}

function isReadable(path) {
  try {
    readFileSync(path)
    return true
  } catch {
    return isProgram(path)
  }
}

/** What npm says it put below `tmp`. */
function recordIn(tmp) {
  try {
    return JSON.parse(readFileSync(join(tmp, 'node_modules', '.package-lock.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/** Installs `name`@`version` below `tmp` without running any script of it. */
export async function npmInto(ctx, tmp, { tool, name, version, integrity }) {
  const npm = npmCall(ctx.node ?? process.execPath)
  await labour({
    tool,
    what: `getting ${name}@${version} from the npm registry`,
    log: ctx.cache.log(tool),
    file: npm.file,
    args: npm.args.concat(
      ['install', `${name}@${version}`, '--prefix', tmp, '--ignore-scripts', '--no-save'],
      ['--no-audit', '--no-fund', '--global=false', '--loglevel=error'],
    ),
    cwd: tmp,
    env: { PATH: npm.path },
  })
  refuseFullDisk(tmp, ctx.cache.log(tool))
  const got = recordIn(tmp)?.packages?.[`node_modules/${name}`]?.integrity
  if (got === undefined) throw new SetupFault(`npm installed nothing (log: ${ctx.cache.log(tool)})`)
  if (got !== integrity) throw new SetupFault(`${name}@${version} from the npm registry is not the pinned one`)
}
