import { join } from 'node:path'
import type { PostgresServer } from './postgres.ts'
import type { Supervisor } from './supervisor.ts'
import { need, type Tools } from './tools.ts'

/** Databases of the full Temporal server, and the schema of each. */
export const temporalDatabases = { default: 'temporal', visibility: 'temporal_visibility' } as const
const schemas = [
  { database: temporalDatabases.default, schema: 'temporal' },
  { database: temporalDatabases.visibility, schema: 'visibility' },
] as const

/** Makes the two databases and brings their schemas up to date. Idempotent: each of the tool's commands is. ENGINE_FAILED, ENGINE_MISSING. */
export async function setUpTemporalSchema(supervisor: Supervisor, tools: Tools, database: PostgresServer['temporal']): Promise<void> {
  const command = need(tools, 'temporalSqlTool')
  const folder = need(tools, 'temporalSchema')
  const env = {
    SQL_PLUGIN: 'postgres12',
    SQL_HOST: database.host,
    SQL_PORT: String(database.port),
    SQL_USER: database.user,
    // By the environment: arguments are read by everyone on the machine.
    SQL_PASSWORD: database.password,
  }
  for (const { database: name, schema } of schemas) {
    const steps = [['create-database'], ['setup-schema', '-v', '0.0'], ['update-schema', '-d', join(folder, schema, 'versioned')]]
    for (const step of steps) {
      await supervisor.run({ name: `temporal-schema-${schema}`, title: 'Temporal schema', command, args: ['--db', name, ...step], env })
    }
  }
}
