/** What is typed at a prompt: every script is a command of set-up, and a slip is told what was meant. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import manifest from '../../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '../..')

function run(...args: string[]): Promise<{ readonly code: number; readonly told: string }> {
  return new Promise((resolve) =>
    execFile(process.execPath, args, { cwd: root }, (error, _stdout, told) => resolve({ code: Number(error?.code ?? 0), told })),
  )
}

test('commands: every script of the package is a command of set-up of the same name, and no command has none', async () => {
  const { commands } = (await import(join(root, 'infra/setup/commands.mjs'))) as { commands: Record<string, unknown> }
  const expected = Object.keys(commands).map((name) => [name, `exec node infra/setup/run.mjs ${name}`])
  assert.deepEqual(Object.entries(manifest.scripts), expected)
})

test('commands: a bench or a tier that is mistyped is told those that there are', async () => {
  const bench = await run('bench/bench.ts', 'video-kil')
  assert.equal(bench.code, 2)
  assert.match(bench.told, /^There is no bench "video-kil"; the nearest is video-kill\.\n[^]*\n {2}video-kill /)
  const tier = await run('tests/run.ts', 'unt')
  assert.equal(tier.code, 2)
  assert.match(tier.told, /^There is no tier unt; there are: check, unit, /)
})
