import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeOnce, newSecret } from './folders.ts'
import type { Supervisor } from './supervisor.ts'
import { giveTo, withoutRoot, type Unprivileged } from './unprivileged.ts'

/** The catalog's role owns its database alone; Temporal's may make its own two; the last is the superuser. */
type Passwords = Readonly<Record<'darkroom' | 'temporal' | 'postgres', string>>

export interface Cluster {
  readonly data: string
  readonly passwords: Passwords
}

/** One statement per line, as single-user mode wants them. */
function firstStatements(passwords: Passwords): string {
  return [
    `CREATE ROLE darkroom LOGIN PASSWORD '${passwords.darkroom}'`,
    `CREATE ROLE temporal LOGIN CREATEDB PASSWORD '${passwords.temporal}'`,
    'CREATE DATABASE darkroom OWNER darkroom',
    'REVOKE ALL ON DATABASE darkroom FROM PUBLIC',
  ]
    .map((statement) => `${statement};\n`)
    .join('')
}

/** Every connection proves a password. */
const hostBasedAuthentication = '# type database user address method\nhost all all 127.0.0.1/32 scram-sha-256\n'

function newPasswords(): Passwords {
  return { darkroom: newSecret(), temporal: newSecret(), postgres: newSecret() }
}

/**
 * The database cluster in `folder`, made at the first call: initdb, roles and databases are all there or nothing is,
 * because the server does not run before the cluster has its name. ENGINE_FAILED, STORAGE_FULL.
 */
export async function openCluster(supervisor: Supervisor, bin: string, folder: string, way: Unprivileged): Promise<Cluster> {
  const cluster = join(folder, 'cluster')
  await makeOnce(cluster, async (draft) => {
    const passwords = newPasswords()
    const data = join(draft, 'data')
    const superuserFile = join(draft, 'superuser')
    writeFileSync(superuserFile, passwords.postgres, { mode: 0o600 })
    if (way.kind === 'user') giveTo(draft, way.uid, way.gid)
    const initdbArgs = [
      '-D',
      data,
      '-U',
      'postgres',
      `--pwfile=${superuserFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ]
    await supervisor.run(
      withoutRoot(
        { name: 'postgres-initdb', title: 'initdb of PostgreSQL', command: join(bin, 'initdb'), args: initdbArgs, cwd: draft },
        way,
      ),
    )
    rmSync(superuserFile)
    // The statements hold passwords: not even a failing one may be logged.
    const quiet = ['-c', 'log_statement=none', '-c', 'log_min_error_statement=panic', '-c', 'exit_on_error=on']
    const single = {
      name: 'postgres-single',
      title: 'PostgreSQL in single-user mode',
      command: join(bin, 'postgres'),
      args: ['--single', '-D', data, ...quiet, 'postgres'],
      cwd: draft,
    }
    await supervisor.run({ ...withoutRoot(single, way), input: firstStatements(passwords) })
    writeFileSync(join(data, 'pg_hba.conf'), hostBasedAuthentication)
    writeFileSync(join(draft, 'passwords.json'), JSON.stringify(passwords), { mode: 0o600, flush: true })
  })
  return { data: join(cluster, 'data'), passwords: JSON.parse(readFileSync(join(cluster, 'passwords.json'), 'utf8')) as Passwords }
}
