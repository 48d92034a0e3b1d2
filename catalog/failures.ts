import { MediaError, type ErrorCode } from '../domain/errors.ts'

/** SQLSTATE classes and codes (PostgreSQL manual, appendix A) that say: the database is not there for us now. */
const unavailable = /^(08...|57P0[1-5]|57014|53300|53200|53400|55P03|40001|40P01|25006|58...|28...|3D000|25P0[34])$/
const diskFull = '53100'
/** Node's, for a connection that could not be made or broke. */
const network = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOST|ENET|ENOENT|EACCES|ERR_SSL|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED)/
/** What pg says without a code. */
const said =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|connection ended|not queryable|client was closed/i

function codeFor(error: unknown): ErrorCode | null {
  if (!(error instanceof Error)) return null
  // Several addresses of one name were tried in vain.
  if (error instanceof AggregateError) return error.errors.some((one) => codeFor(one) !== null) ? 'CATALOG_UNAVAILABLE' : null
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === diskFull || code === 'ENOSPC') return 'STORAGE_FULL'
  return unavailable.test(code) || network.test(code) || said.test(error.message) ? 'CATALOG_UNAVAILABLE' : null
}

/** Errors of the world as CATALOG_UNAVAILABLE or STORAGE_FULL; bugs (a wrong statement) as they are. */
export function failureOf(error: unknown): unknown {
  if (error instanceof MediaError) return error
  const code = codeFor(error)
  return code === null ? error : new MediaError(code, undefined, { cause: error })
}
