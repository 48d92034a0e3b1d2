import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../blobstore/refresher.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import { openDatabase } from '../catalog/database.ts'
import { createVolumeScrubs } from '../catalog/volume-scrubs.ts'
import { codeOf } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import { lockHome } from '../infra/engines/home.ts'
import { runMain } from './run-main.ts'
import { required, SettingError, text, wholeNumber } from './settings.ts'
import { compact, dump, inspect, list, repair, scrubs, verify, type Verdict, type VolumeTools, volumesIn } from './volume-commands.ts'

const usage = `npm run volumes -- COMMAND FOLDER ...: looks after a folder of volumes; needs nothing but the files, except for scrubs.
  ls      [FOLDER]                  the volumes, at a glance; reads no data
  inspect FOLDER VOLUME             what a volume says of itself
  verify  [FOLDER [VOLUME]]         reads every byte; exit status 1 when something is bad
  dump    FOLDER VOLUME [TARGET]    each record; with TARGET, each needle as a file KEY.ALT there
  compact FOLDER VOLUME --stopped   rewrites a volume without what was erased
  repair  FOLDER VOLUME COPY --stopped   fills bad records from another copy of the volume's file
  scrubs                            the catalog's volumes, each with its last scrub; needs DATABASE_URL
  without FOLDER            the volumes of the data folder: DARKROOM_HOME, or .darkroom here
  --stopped                 says that Darkroom is not running on this folder; without it nothing is changed
  --mib-per-second NUMBER   no faster than that
docs/runbooks/broken-volume.md says what to do in which order.
`

function readOptions(args: string[]) {
  try {
    const options = { stopped: { type: 'boolean' }, 'mib-per-second': { type: 'string' }, help: { type: 'boolean' } } as const
    return parseArgs({ args, options, allowPositionals: true })
  } catch {
    throw new SettingError(`Not understood: ${args.join(' ')}.\n${usage.trimEnd()}`)
  }
}

/** Of the data folder that a start uses when it is not told of another. Null for commands that need more than a folder. */
function ownFolder(command: string | undefined): string | null {
  if (command !== 'ls' && command !== 'verify') return null
  const folder = join(text(process.env, 'DARKROOM_HOME', '.darkroom'), 'volumes')
  if (!existsSync(folder)) throw new SettingError(`There are no volumes in ${resolve(folder)}: name their folder.`)
  return folder
}

/** A volume's number, or a sentence on what is missing. */
function volumeOf(value: string | undefined): number {
  if (value === undefined) throw new SettingError(`A volume's number is missing.\n${usage.trimEnd()}`)
  return wholeNumber('VOLUME', value, { min: 1, max: Number.MAX_SAFE_INTEGER, fallback: 1 })
}

/** HOME_IN_USE where the folder is that of a running start. A data folder that cannot be locked for another reason is no obstacle. */
function refuseWhereRunning(home: string): void {
  if (!existsSync(join(home, 'run', 'lock'))) return
  try {
    // Held until this process ends.
    lockHome(home)
  } catch (error) {
    if (codeOf(error) === 'HOME_IN_USE') throw error
  }
}

async function run(args: string[], tools: Omit<VolumeTools, 'folder' | 'walk'>, signal: AbortSignal): Promise<Verdict> {
  const { values, positionals } = readOptions(args)
  const [command, named, number, third] = positionals
  if (command === 'scrubs' && !values.help) return await scrubsOf(required(process.env, 'DATABASE_URL'), tools.print)
  const folder = values.help ? null : (named ?? ownFolder(command))
  if (command === undefined || folder === null) {
    tools.print(usage.trimEnd())
    return values.help ? 0 : 1
  }
  const rate = wholeNumber('--mib-per-second', values['mib-per-second'], { min: 1, max: 1_000_000, fallback: 1_000_000 })
  const all: VolumeTools = { ...tools, folder, walk: { clock: systemClock, signal, bytesPerSecondMax: rate * 1024 ** 2 } }
  const mustBeStopped = () => {
    if (!values.stopped) throw new SettingError(`${command} changes files: stop Darkroom, then say --stopped.`)
    // Saying so is not enough where it can be seen: a writer would go on writing to the file that was replaced.
    refuseWhereRunning(dirname(resolve(folder)))
  }
  switch (command) {
    case 'ls':
      return list(all)
    case 'inspect':
      return inspect(all, volumeOf(number))
    case 'verify':
      return verify(all, number === undefined ? await volumesIn(folder) : [volumeOf(number)])
    case 'dump':
      if (third !== undefined) await mkdir(third, { recursive: true, mode: 0o700 })
      return dump(all, volumeOf(number), third ?? null)
    case 'compact':
      mustBeStopped()
      return compact(all, volumeOf(number))
    case 'repair':
      mustBeStopped()
      if (third === undefined) throw new SettingError(`The file to repair from is missing.\n${usage.trimEnd()}`)
      return repair(all, volumeOf(number), third)
    default:
      throw new SettingError(`There is no command ${JSON.stringify(command)}.\n${usage.trimEnd()}`)
  }
}

/** As the catalog is: it is not brought to this release. */
async function scrubsOf(databaseUrl: string, print: (line: string) => void): Promise<Verdict> {
  const { catalogStatementMsMax: statementMsMax, catalogConnectMsMax: connectMsMax } = limits
  const database = openDatabase({ databaseUrl, poolMax: 1, statementMsMax, connectMsMax, onError: () => {} })
  try {
    return await scrubs(createVolumeScrubs(database), print)
  } finally {
    await database.close()
  }
}

await runMain(async (parts, end) => {
  const disk = createSystemDisk({ directReads: false })
  const stopping = new AbortController()
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'EPIPE' ? 0 : { error }))
  const running = run(process.argv.slice(2), { disk, print }, stopping.signal)
  parts.add({
    name: 'volumes',
    async stop() {
      stopping.abort(new Error('stopped'))
      await running.catch(() => {
        // Told below.
      })
      await disk.close()
    },
  })
  end(await running)
})
