import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** An engine's own folder below the data folder, which nobody else may look into. */
export function engineFolder(home: string, name: string): string {
  const folder = join(home, name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Makes `folder` by `fill`, whole or not at all: `fill` works in a folder beside it, which takes the name when it is
 * done. Does nothing when it is there already. What an earlier, killed attempt left is removed first.
 */
export async function makeOnce(folder: string, fill: (draft: string) => Promise<void>): Promise<void> {
  if (existsSync(folder)) return
  const draft = `${folder}.draft`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { mode: 0o700 })
  try {
    await fill(draft)
    renameSync(draft, folder)
    syncFolder(dirname(folder))
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw error
  }
}

/** Text of a file that appears whole or not at all, for this user's eyes only. */
export function writePrivate(file: string, text: string): void {
  const draft = mkdtempSync(`${file}.`)
  try {
    writeFileSync(join(draft, 'text'), text, { mode: 0o600, flush: true })
    renameSync(join(draft, 'text'), file)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** A password that needs quoting nowhere: 192 random bits in hexadecimal. */
export function newSecret(): string {
  return randomBytes(24).toString('hex')
}

/** The secret kept in a file (0600); made at the first call. */
export function keptSecret(file: string): string {
  if (!existsSync(file)) writePrivate(file, newSecret())
  chmodSync(file, 0o600)
  return readFileSync(file, 'utf8').trim()
}
