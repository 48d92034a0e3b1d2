import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The development key of a data folder: so that a restart does not lock apps out. */
export async function keptDevKey(home: string): Promise<string> {
  return await kept(home, 'dev-key', 'dk_dev_')
}

/** The key of whoever runs the data folder's house. */
export async function keptOperatorKey(home: string): Promise<string> {
  return await kept(home, 'operator-key', 'dk_operator_')
}

/** What a data folder's addresses of variants are signed with: so that a restart does not void them. */
export async function keptVariantSecret(home: string): Promise<string> {
  return await kept(home, 'variant-secret', '')
}

/** What a data folder's encrypted videos have their keys from. */
export async function keptContentSecret(home: string): Promise<string> {
  return await kept(home, 'content-secret', 'content-key-secret-')
}

/** Made once, readable by its owner only. */
async function kept(home: string, name: string, prefix: string): Promise<string> {
  const path = join(home, name)
  const before = await readFile(path, 'utf8').catch(() => null)
  if (before) return before.trim()
  const secret = `${prefix}${randomBytes(18).toString('base64url')}`
  await writeFile(`${path}.new`, `${secret}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return secret
}
