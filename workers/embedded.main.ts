/** `npm start`: the embedded default until SIGINT or SIGTERM. `--json` prints one document when it is ready; `--port N`. */
import { parseCommand } from './arguments.ts'
import { embeddedOptions } from './embedded-options.ts'
import { startEmbedded } from './embedded.ts'
import { documentOf } from './instance.ts'
import { runMain } from './run-main.ts'
import { addresses } from './show.ts'

const say = (line: string) => process.stderr.write(`${line}\n`)

await runMain(async (parts, end) => {
  const { values } = parse()
  const options = embeddedOptions(process.env, values.port, say, (error) => end({ error }))
  const { instance } = await startEmbedded(options, parts)
  process.stdout.write(
    values.json ? documentOf(instance, []) : `${addresses(instance)}\nRunning until Ctrl-C. Logs: ${options.home}/logs\n`,
  )
})

function parse() {
  return parseCommand('npm start -- [--json] [--port N]', {
    options: { json: { type: 'boolean', default: false }, port: { type: 'string' } },
  })
}
