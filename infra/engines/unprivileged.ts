import { spawnSync } from 'node:child_process'
import { chownSync, lchownSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MediaError } from '../../domain/errors.ts'
import type { Program } from './children.ts'

/**
 * How a program runs without root's powers.
 * - `as-is`: we are not root.
 * - `namespace`: in a user namespace of its own it is nobody to itself, while to the file system it stays the owner of
 *   root's files; so any data folder will do, even one that only root can reach.
 * - `user`: as another user, to whom its folder is given.
 */
export type Unprivileged =
  | { readonly kind: 'as-is' }
  | { readonly kind: 'namespace'; readonly unshare: string }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }

const nobody = 65_534
const unsharePaths = ['/usr/bin/unshare', '/bin/unshare']

function namespaceArgs(): string[] {
  return ['--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--']
}

function canUse(command: string, args: readonly string[], folder: string, program: string, user: { uid?: number; gid?: number }): boolean {
  const test = 'cd "$1" && test -w . && test -x "$2"'
  const { status } = spawnSync(command, [...args, '/bin/sh', '-c', test, 'sh', folder, program], { stdio: 'ignore', env: {}, ...user })
  return status === 0
}

/** The user that a system keeps for servers like this one: passwd(5). */
function serverUser(names: readonly string[]): { uid: number; gid: number } | null {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of names) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':')
    if (fields === undefined) continue
    const [uid, gid] = [Number(fields[2]), Number(fields[3])]
    if (uid > 0 && gid > 0) return { uid, gid }
  }
  return null
}

/** Gives a folder and all in it to a user; links themselves, never what they point to. */
export function giveTo(path: string, uid: number, gid: number): void {
  const stat = lstatSync(path)
  if (stat.uid !== uid || stat.gid !== gid) lchownSync(path, uid, gid)
  if (stat.isDirectory()) for (const name of readdirSync(path)) giveTo(join(path, name), uid, gid)
}

export interface UnprivilegedOptions {
  readonly title: string
  /** What the program writes to; exists. */
  readonly folder: string
  /** Absolute path of the program. */
  readonly program: string
  /** Users to become where namespaces are refused, best first. */
  readonly users: readonly string[]
  readonly uid?: number
  /** False: not even tried (tests of the other way). */
  readonly namespaces?: boolean
}

/** The first way that a trial shows to work. ENGINE_FAILED, in one sentence, when none does. */
export function chooseUnprivileged(options: UnprivilegedOptions): Unprivileged {
  const { title, folder, program, users } = options
  if ((options.uid ?? process.getuid?.()) !== 0) return { kind: 'as-is' }
  if (options.namespaces !== false) {
    giveTo(folder, 0, 0)
    const unshare = unsharePaths.find((path) => canUse(path, namespaceArgs(), folder, program, {}))
    if (unshare !== undefined) return { kind: 'namespace', unshare }
  }
  const user = serverUser(users)
  if (user !== null) {
    giveTo(folder, user.uid, user.gid)
    if (canUse('/bin/sh', ['-c', 'exec "$@"', 'sh'], folder, program, user)) return { kind: 'user', ...user }
    chownSync(folder, 0, 0)
  }
  throw new MediaError(
    'ENGINE_FAILED',
    `${title} does not run as root, and no other user can reach both ${folder} and ${program}: start as an ordinary user, or choose another data folder.`,
  )
}

/** The same program, run that way. */
export function withoutRoot<P extends Pick<Program, 'command' | 'args'>>(program: P, way: Unprivileged): P & Pick<Program, 'user'> {
  if (way.kind === 'as-is') return program
  if (way.kind === 'user') return { ...program, user: { uid: way.uid, gid: way.gid } }
  // It becomes the program by exec: pid, start time and signals are the program's own.
  return { ...program, command: way.unshare, args: [...namespaceArgs(), program.command, ...program.args] }
}
