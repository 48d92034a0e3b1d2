import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { MediaError } from '../../domain/errors.ts'
import type { Program, Spawned, spawnChild } from './children.ts'
import { failureOf } from './failures.ts'
import { engineLimits } from './limits.ts'

/** A program that ends by itself. */
export interface ToolRun extends Omit<Program, 'stopMsMax' | 'stopSignal'> {
  /** Written to its standard input. */
  readonly input?: string
  /** When true, another status than 0 is given back rather than thrown. */
  readonly mayFail?: boolean
  readonly msMax?: number
}

export interface ToolOutput {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of stream as AsyncIterable<Buffer>) {
    // Read on past the limit, or the tool would stop for a full pipe.
    if (bytes < engineLimits.toolOutputBytesMax) parts.push(part)
    bytes += part.length
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Runs `tool` through `begin` to its end. ENGINE_FAILED (status, or longer than msMax), ENGINE_MISSING, STORAGE_FULL. */
export async function runTool(
  tool: ToolRun,
  begin: (program: Program, stdio: Parameters<typeof spawnChild>[2]) => Promise<Spawned>,
): Promise<ToolOutput> {
  const child = await begin({ ...tool, stopMsMax: engineLimits.killMsMax }, ['pipe', 'pipe', 'pipe'])
  const { stdin, stdout, stderr } = child.process
  if (stdin === null || stdout === null || stderr === null) throw new Error('a tool without pipes')
  // A tool that ends without reading its input says why on its output.
  stdin.on('error', () => {})
  stdin.end(tool.input ?? '')
  const texts = Promise.all([textOf(stdout), textOf(stderr)])
  const msMax = tool.msMax ?? engineLimits.toolMsMax
  const timer = new AbortController()
  const late = sleep(msMax, 'late' as const, { signal: timer.signal }).catch(() => 'off' as const)
  const first = await Promise.race([child.exited, late])
  timer.abort()
  if (first === 'late') {
    await child.end()
    throw new MediaError('ENGINE_FAILED', `${tool.title} did not end within ${msMax / 1000} s.`)
  }
  const exit = await child.exited
  const [out, err] = await texts
  if (exit.code !== 0 && tool.mayFail !== true) throw failureOf(tool.title, 'without success', exit, `${out}\n${err}`, 'none')
  return { status: exit.code, stdout: out, stderr: err }
}
