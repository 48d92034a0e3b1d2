import type { EdgePurger } from '../../domain/ports.ts'

/** Where the origin answers readers itself there is nothing to purge. */
export function createNoPurger(): EdgePurger {
  return { name: 'none', async purge() {} }
}
