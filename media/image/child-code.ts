import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Limits } from '../../domain/limits.ts'

/** The program of decoding children. */
export const childProgram = fileURLToPath(new URL('./child.ts', import.meta.url))
/** Argument with which the program only leaves its compiled code behind. */
export const COMPILE = 'compile'

export interface ChildCodeOptions {
  readonly program: string
  /** Left as it is when the code goes; without it there is a folder of this one's own, removed with it. */
  readonly folder: string | undefined
  readonly limits: Pick<Limits, 'imageChildStartMsMax'>
}

export interface ChildCode {
  /** The folder with the compiled code, made by the first call; null where that did not work, or not in a child's time to start. */
  folder(): Promise<string | null>
  remove(): Promise<void>
}

/**
 * Where Node finds the program of the children compiled: a child then starts in a fraction of the time, and needs 30 MB
 * less for as long as it lives, because what turns TypeScript into JavaScript is not loaded.
 */
export function createChildCode(options: ChildCodeOptions): ChildCode {
  let made: Promise<string | null> | undefined
  return {
    folder: async () => await (made ??= compiled(options)),
    async remove() {
      const folder = await made
      if (folder && options.folder === undefined) await removed(folder)
    },
  }
}

async function compiled({ program, folder: given, limits }: ChildCodeOptions): Promise<string | null> {
  try {
    const folder = given ?? (await mkdtemp(join(tmpdir(), 'darkroom-code-')))
    if (await compilesInto(folder, program, limits.imageChildStartMsMax)) return folder
    if (given === undefined) await removed(folder)
  } catch {
    // Children start without, and take longer.
  }
  return null
}

/** Only a process that ends by itself writes; those that decode are killed. All pictures wait for it, so it may not take for ever. */
async function compilesInto(folder: string, program: string, msMax: number): Promise<boolean> {
  const child = spawn(process.execPath, [program, COMPILE], {
    env: { NODE_COMPILE_CACHE: folder },
    stdio: 'ignore',
    timeout: msMax,
    killSignal: 'SIGKILL',
  })
  return await once(child, 'exit').then(
    ([status]) => status === 0,
    () => false,
  )
}

async function removed(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
