import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createJsonLogger } from '../api/logger.ts'
import { consumeEvents } from '../events/consume.ts'
import { eventLine } from './event-line.ts'
import { runMain } from './run-main.ts'
import { type Environment, list, optional, SettingError, text } from './settings.ts'

const usage = `npm run events [-- --json] [-- --all]: prints each event as it comes.
  --json  one JSON document per line
  --all   everything that Kafka still has, not only what earlier runs have not printed
Settings: KAFKA_BROKERS and EVENTS_TOPIC (those of the instance running in DARKROOM_HOME unless set), EVENTS_GROUP.
`

function readOptions(args: string[]) {
  try {
    return parseArgs({ args, options: { json: { type: 'boolean' }, all: { type: 'boolean' }, help: { type: 'boolean' } } }).values
  } catch {
    throw new SettingError(`Not understood: ${args.join(' ')}.\n${usage.trimEnd()}`)
  }
}

/** What the running instance of a data folder says of its events; null when none runs there. */
async function readInstance(home: string): Promise<{ readonly kafka: readonly string[]; readonly topic: string } | null> {
  try {
    return JSON.parse(await readFile(join(home, 'run', 'instance.json'), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw new SettingError(
      `${join(home, 'run', 'instance.json')} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** Where the events are: as named, else where the running instance sends them. */
async function readPlace(env: Environment): Promise<{ readonly brokers: readonly string[]; readonly topic: string }> {
  const named = list(env, 'KAFKA_BROKERS')
  const home = text(env, 'DARKROOM_HOME', '.darkroom')
  const instance = named.length > 0 ? null : ((await readInstance(home)) ?? (await readInstance(join(home, 'stack'))))
  const brokers = instance?.kafka ?? named
  if (brokers.length === 0) {
    throw new SettingError(
      instance
        ? `The instance running in ${home} has no Kafka; its events wait in its outbox. Start it with Java installed, or with KAFKA_BROKERS set.`
        : `KAFKA_BROKERS is not set and no instance is running in ${home}: start one with npm start or npm run stack -- start, or name the brokers.`,
    )
  }
  return { brokers, topic: text(env, 'EVENTS_TOPIC', instance?.topic ?? 'darkroom.media.v1') }
}

await runMain(async (parts, end) => {
  const { json, all, help } = readOptions(process.argv.slice(2))
  if (help) {
    process.stdout.write(usage)
    end(0)
    return
  }
  const { brokers, topic } = await readPlace(process.env)
  const tell = (line: string) => process.stderr.write(`${line}\n`)
  // Whoever reads along may have seen enough (`| head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'EPIPE' ? 0 : { error }))

  const stopping = new AbortController()
  const consuming = consumeEvents({
    brokers,
    topic,
    clientId: 'darkroom-events',
    // A group of its own remembers nothing, and so begins at the beginning.
    groupId: all ? `darkroom-events-${randomUUID()}` : (optional(process.env, 'EVENTS_GROUP') ?? 'darkroom-events'),
    fromBeginning: true,
    logger: createJsonLogger(tell),
    signal: stopping.signal,
    onReady: () => tell(`listening to ${topic} at ${brokers.join(', ')}; Ctrl-C ends`),
    onEvent: (event) => void process.stdout.write(`${json ? JSON.stringify(event) : eventLine(event)}\n`),
    onUnreadable: ({ message }) => tell(message),
  })
  parts.add({
    name: 'events',
    async stop() {
      stopping.abort()
      await consuming.catch(() => {})
    },
  })
  await consuming
})
