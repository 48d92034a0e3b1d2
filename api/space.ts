import { MediaError } from '../domain/errors.ts'
import type { SpaceStore } from '../domain/ports.ts'
import { factsOfError, type Logger } from './logger.ts'

interface Parts {
  readonly catalog: Pick<SpaceStore, 'reserve' | 'release'>
  readonly logger: Logger
}

/**
 * Does `work` with room for `bytes` of a tenant. The room is given back when it fails; when it succeeds, what was
 * accepted has taken its place. QUOTA_EXCEEDED before anything of the body is taken.
 */
export async function withRoom<T>(
  parts: Parts,
  tenant: string,
  bytes: number,
  work: (reservation: number | null) => Promise<T>,
): Promise<T> {
  const reservation = await parts.catalog.reserve(tenant, bytes).catch((error: unknown) => {
    if (!(error instanceof MediaError && error.code === 'QUOTA_EXCEEDED')) throw error
    // How much others have stored is nobody's business.
    throw new MediaError('QUOTA_EXCEEDED', error.message)
  })
  try {
    return await work(reservation)
  } catch (error) {
    if (reservation !== null) {
      await parts.catalog.release(reservation).catch((left: unknown) => parts.logger.warn('room-kept', factsOfError(left)))
    }
    throw error
  }
}
