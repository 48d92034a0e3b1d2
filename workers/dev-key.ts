import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The development key of a data folder: made once, readable by its owner only, so that a restart does not lock apps out. */
export async function keptDevKey(home: string): Promise<string> {
  const path = join(home, 'dev-key')
  const kept = await readFile(path, 'utf8').catch(() => null)
  if (kept) return kept.trim()
  const key = `dk_dev_${randomBytes(18).toString('base64url')}`
  await writeFile(`${path}.new`, `${key}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return key
}
