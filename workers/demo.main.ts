/**
 * `npm run demo`: a photo and a video through the whole pipeline on the embedded default.
 * `npm run demo -- [FILE...] [--filter NAME] [--preset NAME] [--port N] [--json] [--exit]`
 */
import { parseCommand } from './arguments.ts'
import { checkDemo, runDemo } from './demo.ts'
import { embeddedOptions } from './embedded-options.ts'
import { startEmbedded } from './embedded.ts'
import { documentOf } from './instance.ts'
import { runMain } from './run-main.ts'
import { addresses, describe, describeEvent, endedWords } from './show.ts'

const say = (line: string) => process.stderr.write(`${line}\n`)

await runMain(async (parts, end) => {
  const { values, positionals } = parse()
  const options = embeddedOptions(process.env, values.port, say, (error) => end({ error }))
  await checkDemo({ files: positionals, filter: values.filter, preset: values.preset })
  const { instance, catalog } = await startEmbedded(options, parts)
  const { items, refused, from } = await runDemo({
    instance,
    catalog,
    files: positionals,
    filter: values.filter,
    preset: values.preset,
    tools: options.tools,
    home: options.home,
    say,
  })
  if (values.json) {
    process.stdout.write(
      documentOf(
        instance,
        items.map(({ item }) => item),
      ),
    )
  } else {
    for (const { item, label } of items)
      process.stdout.write(`\n${describe(item, label, instance.temporalUi)}\n\n${describeEvent(item, from)}\n`)
    if (!values.exit) process.stdout.write(`\n${addresses(instance)}\n`)
  }
  const failed = refused + items.filter(({ item }) => item.state !== 'ready').length
  if (values.exit) {
    say(`\n${endedWords(options.home)}`)
    end(failed > 0 ? 1 : 0)
  } else say('\nOpen the console and drop files of your own. Running until Ctrl-C.')
})

function parse() {
  return parseCommand('npm run demo -- [FILE...] [--filter NAME] [--preset NAME] [--port N] [--json] [--exit]', {
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      exit: { type: 'boolean', default: false },
      port: { type: 'string' },
      filter: { type: 'string' },
      preset: { type: 'string' },
    },
  })
}
