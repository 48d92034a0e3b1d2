import pg from 'pg'
import { failureOf } from './failures.ts'

export interface DatabaseOptions {
  readonly databaseUrl: string
  readonly poolMax: number
  readonly statementMsMax: number
  readonly connectMsMax: number
  /** Told of what breaks while nobody waits for it: an idle connection, the listener. */
  readonly onError: (error: unknown) => void
}

export type Values = readonly (string | number | boolean | null | readonly number[] | readonly string[])[]

/** One statement; `Row` is what its columns are, which the statement's author knows. */
export interface Queries {
  rows<Row extends object>(text: string, values?: Values): Promise<Row[]>
}

export interface Database extends Queries {
  /** Commits when `work` returns, rolls back when it throws. */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** 64-bit integers as numbers: ours (sequences, sizes) stay far below 2^53, and one that does not is an error. */
function integer(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`the database gave ${text}, which no number holds exactly`)
  return value
}

/** Object id of PostgreSQL's bigint (pg_type.dat). */
const INT8 = 20

/** Given to each connection: pg's own table of parsers is global, and others in the process may use it. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    return oid === INT8 ? integer : pg.types.getTypeParser(oid, format)
  }) as typeof pg.types.getTypeParser,
}

/** What every connection to the catalog has in common. */
export function connectionConfig({ databaseUrl, statementMsMax, connectMsMax }: DatabaseOptions): pg.ClientConfig {
  return {
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectMsMax,
    statement_timeout: statementMsMax,
    // The server's limit speaks first; this one is for a server that no longer speaks.
    query_timeout: statementMsMax + connectMsMax,
    idle_in_transaction_session_timeout: statementMsMax,
    keepAlive: true,
    application_name: 'darkroom',
    // An acknowledgement means durable, whatever the server's default is.
    options: '-c synchronous_commit=on',
    types,
  }
}

function queriesOf(client: pg.Pool | pg.PoolClient): Queries {
  return {
    async rows<Row extends object>(text: string, values: Values = []) {
      try {
        return (await client.query<Row & pg.QueryResultRow>(text, [...values])).rows
      } catch (error) {
        throw failureOf(error)
      }
    },
  }
}

/** A pool of connections. Everything throws CATALOG_UNAVAILABLE and STORAGE_FULL. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({ ...connectionConfig(options), max: options.poolMax })
  let closed = false
  pool.on('error', (error) => {
    // The pool has closed before all of its connections have: how the rest of them end is nobody's concern.
    if (!closed) options.onError(failureOf(error))
  })

  const connect = async () => {
    try {
      return await pool.connect()
    } catch (error) {
      throw failureOf(error)
    }
  }

  return {
    ...queriesOf(pool),
    async transaction(work) {
      const client = await connect()
      // Without a listener an error between two statements would end the process; the next statement reports it.
      const broken = () => {}
      client.on('error', broken)
      const queries = queriesOf(client)
      let failure: unknown = null
      try {
        await queries.rows('begin')
        const result = await work(queries)
        await queries.rows('commit')
        return result
      } catch (error) {
        failure = error
        throw error
      } finally {
        // After a failure the connection's state is not known: a new one costs less than finding out.
        client.off('error', broken)
        client.release(failure !== null)
      }
    },
    close() {
      closed = true
      return pool.end()
    },
  }
}
