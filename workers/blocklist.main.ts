import { parseArgs } from 'node:util'
import { resolve } from 'node:path'
import { sayNone } from '../api/parameters.ts'
import { createCatalog } from '../catalog/catalog.ts'
import { isFingerprintHash } from '../domain/fingerprint.ts'
import { parseMediaId } from '../domain/ids.ts'
import { runningDatabaseUrl } from '../infra/engines/postgres-running.ts'
import { runMain } from './run-main.ts'
import { type Environment, optional, SettingError, text } from './settings.ts'

const usage = `npm run blocklist -- COMMAND ...: pictures that are not to be shown, by PDQ hashes of 64 hex digits.
  ls                 the list
  add WHAT [NOTE]    WHAT is a hash, or the id of an item that is shown and looks like it
  remove WHAT        takes it off the list
What is on the list, or differs from it in 31 bits at most, however turned or mirrored, is refused from now on: the
item is rejected with MEDIA_BLOCKED. Items that are shown already stay; DELETE /v1/media/{id} erases them.
Settings: DATABASE_URL (the one of the instance running in DARKROOM_HOME unless set).
`

function databaseUrl(env: Environment): string {
  const home = resolve(text(env, 'DARKROOM_HOME', '.darkroom'))
  const url = optional(env, 'DATABASE_URL') ?? runningDatabaseUrl(home)
  if (url === null) throw new SettingError(`No Darkroom runs in ${home}, and DATABASE_URL names no database.`)
  return url
}

await runMain(async (parts, end) => {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean', short: 'h' } } })
  const [command, what = '', ...note] = positionals
  if (values.help) {
    process.stdout.write(usage)
    end(0)
    return
  }
  if (command !== 'ls' && command !== 'add' && command !== 'remove') {
    const slip = command === undefined ? '' : `${sayNone('command', command, ['ls', 'add', 'remove'])}\n`
    process.stderr.write(`${slip}${usage}`)
    end(command === undefined ? 0 : 1)
    return
  }
  const catalog = await createCatalog({ databaseUrl: databaseUrl(process.env), poolMax: 1, onError: () => {} })
  parts.add({ name: 'catalog', stop: async () => await catalog.close() })
  if (command === 'ls') {
    for (const { hash, note: said, addedAt } of await catalog.blocked())
      process.stdout.write(`${hash}  ${addedAt.toISOString()}  ${said}\n`)
    end(0)
    return
  }
  const id = parseMediaId(what)
  const hash = isFingerprintHash(what.toLowerCase()) ? what.toLowerCase() : id === null ? null : await catalog.fingerprint(id)
  if (hash === null)
    throw new SettingError(`${JSON.stringify(what)} is neither a hash of 64 hex digits nor the id of an item that has one.`)
  if (command === 'add') await catalog.block(hash, note.join(' '))
  else if (!(await catalog.unblock(hash))) throw new SettingError(`${hash} is not on the list.`)
  process.stdout.write(`${command === 'add' ? 'added' : 'removed'} ${hash}\n`)
  end(0)
})
