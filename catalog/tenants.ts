import { MediaError } from '../domain/errors.ts'
import type { TenantStore } from '../domain/ports.ts'
import type { Queries } from './database.ts'

/** API keys by their SHA-256: the keys themselves are stored nowhere. */
export function createTenants(database: Queries): TenantStore {
  return {
    async tenantOfKey(keySha256) {
      const [row] = await database.rows<{ tenant: string }>('select tenant from api_keys where key_sha256 = $1', [keySha256])
      return row?.tenant ?? null
    },

    async addKey(tenant, keySha256) {
      const [row] = await database.rows<{ tenant: string }>(
        `insert into api_keys (key_sha256, tenant) values ($1, $2)
         on conflict (key_sha256) do update set tenant = api_keys.tenant returning tenant`,
        [keySha256, tenant],
      )
      if (row?.tenant !== tenant)
        throw new MediaError('REQUEST_INVALID', 'This API key belongs to another tenant: each has keys of its own.')
    },
  }
}
