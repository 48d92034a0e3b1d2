import { parseArgs, type ParseArgsConfig } from 'node:util'

/**
 * Parses the command line of a composition root. `--help` prints `usage` and ends the process; what is not understood
 * ends it with status 2 and one sentence that names it.
 */
export function parseCommand<const T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split('. ')
    process.stderr.write(`${sentence.replace(/\.$/, '')}. Usage: ${usage}\n`)
    process.exit(2)
  }
}
