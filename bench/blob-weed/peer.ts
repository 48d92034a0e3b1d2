import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { pickPorts } from '../../infra/engines/ports.ts'

const READY_MS_MAX = 60_000

export interface Peer {
  readonly child: ChildProcess
  readonly port: number
  /** So many file ids that can be written, made before anything is measured. */
  assign(count: number): Promise<string[]>
  stop(): void
}

/** The peer's own master and volume server in one process, on loopback. */
export async function startPeer(binary: string, folder: string): Promise<Peer> {
  await mkdir(folder, { recursive: true })
  const ports = await pickPorts(0, ['master', 'master gRPC', 'volume', 'volume gRPC'] as const)
  const flags = {
    ip: '127.0.0.1',
    dir: folder,
    'master.port': ports.master,
    'master.port.grpc': ports['master gRPC'],
    'master.telemetry': false,
    'volume.port': ports.volume,
    'volume.port.grpc': ports['volume gRPC'],
    'volume.max': 16,
  }
  const args = ['server', ...Object.entries(flags).map(([name, value]) => `-${name}=${value}`)]
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'ignore'], cwd: folder })
  let ended: Error | null = null
  child.once('error', (error) => {
    ended = error
  })
  child.once('exit', (code) => {
    ended ??= new Error(`the peer ended with ${code}`)
  })
  const ask = async (count: number) => {
    const response = await fetch(`http://127.0.0.1:${ports.master}/dir/assign?count=${count}`)
    return (await response.json()) as { fid?: string; error?: string }
  }
  for (const giveUpAt = performance.now() + READY_MS_MAX; ; ) {
    if (ended !== null) throw ended
    const { fid } = await ask(1).catch(() => ({ fid: undefined }))
    if (fid !== undefined) break
    if (performance.now() > giveUpAt) throw new Error('the peer did not get ready')
    await sleep(200)
  }
  return {
    child,
    port: ports.volume,
    async assign(count) {
      const ids: string[] = []
      // In small portions, so that they are spread over its volumes as single requests would be.
      while (ids.length < count) {
        const { fid, error } = await ask(32)
        if (fid === undefined) throw new Error(error ?? 'the peer assigns nothing')
        for (let turn = 0; turn < 32; turn += 1) ids.push(turn === 0 ? fid : `${fid}_${turn}`)
      }
      return ids
    },
    stop: () => child.kill('SIGTERM'),
  }
}
