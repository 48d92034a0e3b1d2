// Go as a means: builds from the modules below infra/tools, pinned by their go.sum.
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { SetupFault } from '../fault.mjs'
import { pins } from '../pins.mjs'
import { ask, labour } from '../run-tool.mjs'
import { compareVersions, versionIn } from '../version.mjs'
import { onPath } from '../which.mjs'

let known

/** Go's path and toolchain mode, or the sentence why there is none that can build our modules. */
async function goCall() {
  const go = onPath('go') ?? onPath('/usr/local/go/bin/go')
  if (go === undefined) return { sentence: `no Go on PATH: install Go ${pins.go.versionMin} or newer` }
  // Asked in a neutral way: the user's own GOTOOLCHAIN may point anywhere.
  const { text } = await ask(go, ['version'], { env: { ...process.env, GOTOOLCHAIN: 'local' } })
  const version = versionIn(text, 'go version go')
  if (version === undefined || compareVersions(version, pins.go.bootstrapMin) < 0) {
    return { sentence: `Go ${version ?? '?'} is too old: install Go ${pins.go.versionMin} or newer` }
  }
  // From 1.21 on, Go brings the newer toolchain which a module asks for.
  const toolchain = compareVersions(version, pins.go.versionMin) >= 0 ? 'local' : 'auto'
  return { go, env: { CGO_ENABLED: '0', GOTOOLCHAIN: toolchain, GOFLAGS: '', GOWORK: 'off', GOOS: '', GOARCH: '' } }
}

async function goOrFault() {
  known ??= await goCall()
  if (known.sentence) throw new SetupFault(known.sentence)
  return known
}

export async function hasGo() {
  known ??= await goCall()
  return known.sentence === undefined
}

/** Builds `package` of module infra/tools/`module` into `out`. */
export async function goBuild(ctx, { tool, module, package: name, out, version, about, variables = {} }) {
  const { go, env } = await goOrFault()
  const set = Object.entries(variables).map(([key, value]) => `-X ${key}=${value}`)
  await labour({
    tool,
    what: `building ${version} from source (${about})`,
    log: ctx.cache.log(tool),
    file: go,
    args: ['build', '-trimpath', '-ldflags', ['-s', '-w', ...set].join(' '), '-o', out, name],
    cwd: join(ctx.repo, 'infra', 'tools', module),
    env,
  })
  chmodSync(out, 0o755)
}

/** Where Go keeps the sources of a dependency of infra/tools/`module`. */
export async function goModuleDir(ctx, module, dependency) {
  const { go, env } = await goOrFault()
  const cwd = join(ctx.repo, 'infra', 'tools', module)
  const args = ['list', '-m', '-f', '{{.Dir}}', dependency]
  const { status, text } = await ask(go, args, { cwd, env: { ...process.env, ...env } })
  if (status !== 0) throw new SetupFault(`Go does not find the sources of ${dependency}`)
  return text.trim()
}
