/**
 * `npm test`: every tier, in the order in which a failure is cheapest to learn of. `npm run test:unit`
 * runs tier `unit` alone; `npm test -- contract e2e` the tiers named. A tier's failure does not hide the next one's.
 */
import { spawn } from 'node:child_process'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)

interface Tier {
  readonly name: string
  /** Commands that must succeed, or patterns of test files. */
  readonly commands?: readonly (readonly string[])[]
  readonly files?: readonly string[]
  /** Test files at once: servers and browsers get the machine to themselves. */
  readonly concurrency?: number
}

const tiers: readonly Tier[] = [
  {
    name: 'check',
    commands: [
      [bin('tsc'), '-p', '.'],
      [bin('tsc'), '-p', 'console'],
      [bin('oxlint'), '--type-aware', '--deny-warnings'],
      [bin('biome'), 'format', '--reporter=summary'],
      [bin('knip')],
    ],
  },
  {
    name: 'unit',
    files: [
      '{domain,blobstore,objects,catalog,events,cdn,api,activities,workflows,workers,console,infra}/**/*.test.{ts,mjs}',
      'tests/{tidy,golden,sim}/**/*.test.ts',
    ],
    concurrency: 2,
  },
  // Real decoders and encoders at work, which takes longer than all other units together.
  { name: 'media', files: ['media/**/*.test.ts'], concurrency: 2 },
  { name: 'replay', files: ['tests/replay/**/*.test.ts'], concurrency: 1 },
  { name: 'engines', files: ['tests/engines/**/*.test.ts'], concurrency: 1 },
  { name: 'contract', files: ['tests/contract/**/*.test.ts'], concurrency: 1 },
  { name: 'e2e', files: ['tests/e2e/**/*.test.ts'], concurrency: 1 },
]

/** Exit status of a command whose output is ours. */
function run(command: readonly string[]): Promise<number> {
  const [file = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

async function matching(patterns: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const pattern of patterns) {
    for await (const path of glob(pattern, { cwd: root, exclude: (name) => name === 'node_modules' })) found.push(path)
  }
  return found.toSorted()
}

async function runTier(tier: Tier): Promise<boolean> {
  let good = true
  for (const command of tier.commands ?? []) good = (await run(command)) === 0 && good
  if (tier.files) {
    const files = await matching(tier.files)
    // A tier without a file would pass without having tested anything.
    if (files.length === 0) {
      process.stdout.write(`tier ${tier.name}: no test file found\n`)
      return false
    }
    good =
      (await run([
        process.execPath,
        '--test',
        '--test-reporter=spec',
        `--test-concurrency=${tier.concurrency ?? 1}`,
        '--test-timeout=600000',
        // A client that keeps trying to reach a server that a test has killed must not keep the tier open.
        '--test-force-exit',
        ...files,
      ])) === 0 && good
  }
  return good
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !tiers.some((tier) => tier.name === name))
if (unknown.length > 0) {
  process.stderr.write(`There is no tier ${unknown.join(', ')}; there are: ${tiers.map((tier) => tier.name).join(', ')}.\n`)
  process.exit(2)
}
const results: { name: string; good: boolean; seconds: number }[] = []
for (const tier of tiers.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  process.stdout.write(`\n== ${tier.name}\n`)
  const startedAt = performance.now()
  const good = await runTier(tier)
  results.push({ name: tier.name, good, seconds: (performance.now() - startedAt) / 1000 })
}
process.stdout.write('\n')
for (const { name, good, seconds } of results)
  process.stdout.write(`${good ? 'passed' : 'FAILED'}  ${name.padEnd(9)} ${seconds.toFixed(1)} s\n`)
const failed = results.filter(({ good }) => !good).length
process.stdout.write(`tiers: ${results.length - failed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0
