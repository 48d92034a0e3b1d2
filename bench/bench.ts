/**
 * `npm run bench` lists the claims; `npm run bench -- NAME [ARG...]` measures one. The last line of standard
 * output is the figure as JSON, and the exit status says whether the claim holds: 0 yes, 1 no, 2 could not be measured.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nearestOf } from '../api/parameters.ts'
import type { Bench } from './types.ts'

const infrastructure = new Set(['bench.ts', 'types.ts'])

/** The benches by name; loaded one by one, since what the others load is memory and time of the process that is measured. */
async function benchFiles(): Promise<Map<string, () => Promise<Bench | undefined>>> {
  const files = (await readdir(import.meta.dirname)).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !infrastructure.has(name),
  )
  const load = (file: string) => async () => ((await import(`./${file}`)) as { bench?: Bench }).bench
  return new Map(files.toSorted().map((file) => [file.slice(0, -'.ts'.length), load(file)]))
}

const [name, ...args] = process.argv.slice(2)
const files = await benchFiles()
const chosen = await files.get(name ?? '')?.()
if (!chosen) {
  const benches = (await Promise.all([...files.values()].map(async (load) => await load()))).filter((bench) => bench !== undefined)
  const width = Math.max(...benches.map((bench) => bench.name.length))
  const lines = benches.map((bench) => `  ${bench.name.padEnd(width)}  ${bench.claim} (${bench.goal})`)
  const near = name ? `There is no bench ${JSON.stringify(name)}; the nearest is ${nearestOf(name, [...files.keys()])}.\n\n` : ''
  process.stderr.write(`${near}npm run bench -- NAME\n\n${lines.join('\n')}\n`)
  process.exit(name ? 2 : 0)
}
const scratch = await mkdtemp(join(tmpdir(), 'darkroom-bench-'))
try {
  const tools = JSON.parse(process.env['DARKROOM_TOOLS'] ?? '{}') as Record<string, string>
  process.stderr.write(`${chosen.name}: ${chosen.claim}\ngoal: ${chosen.goal}\n\n`)
  const figure = await chosen.run({ tools, scratch, args, say: (line) => process.stderr.write(`${line}\n`) })
  process.stdout.write(`${JSON.stringify(figure)}\n`)
  process.exitCode = figure.holds ? 0 : 1
} catch (error) {
  process.stderr.write(`${chosen.name} could not be measured: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
} finally {
  await rm(scratch, { recursive: true, force: true })
}
