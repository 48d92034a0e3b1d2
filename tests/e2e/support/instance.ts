import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { descendants } from './processes.ts'
import type { Instance } from '../../../workers/instance.ts'

const root = join(import.meta.dirname, '../../..')

export interface RunningInstance {
  readonly instance: Instance
  readonly child: ChildProcess
  /** Everything it wrote to standard error. */
  said(): string
  /** SIGTERM; its exit status. */
  stop(): Promise<number | null>
  /** SIGKILL to it and to everything below it. */
  kill(): Promise<void>
}

/** A data folder of its own, outside the repository. */
export async function newHome(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'darkroom-e2e-'))
  return { path, remove: async () => await rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Starts the embedded default on free ports and waits for its document. */
export async function startInstance(
  home: string,
  env: Record<string, string> = {},
  ports: readonly string[] = ['--port', '0'],
): Promise<RunningInstance> {
  const args = ['workers/embedded.main.ts', '--json', ...ports]
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, DARKROOM_HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const instance = await new Promise<Instance>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (out.endsWith('\n')) resolve(JSON.parse(out) as Instance)
    })
    void exited.then((code) => reject(new Error(`the embedded process ended with ${code} before it was ready: ${err}`)))
  })
  return {
    instance,
    child,
    said: () => err,
    stop: async () => {
      child.kill('SIGTERM')
      return await exited
    },
    kill: async () => {
      for (const pid of [child.pid ?? 0, ...descendants(child.pid ?? 0)]) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // Ended with its parent.
        }
      }
      await exited
    },
  }
}
