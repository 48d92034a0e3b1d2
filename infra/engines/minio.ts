import { join } from 'node:path'
import { engineFolder, keptSecret } from './folders.ts'
import { engineLimits } from './limits.ts'
import { checkPort } from './ports.ts'
import { get } from './probes.ts'
import type { Engine, Supervisor } from './supervisor.ts'
import { need, type Tools } from './tools.ts'

const title = 'MinIO'

/** An S3 endpoint with its keys. */
export interface S3Server {
  readonly endpoint: string
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  readonly engine: Engine
  stop(): Promise<void>
}

export interface MinioOptions {
  readonly supervisor: Supervisor
  readonly tools: Tools
  readonly port: number
  /** Further `MINIO_` settings, for example where to send notifications. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Starts MinIO on HOME/minio, without its web page. ENGINE_MISSING, ENGINE_FAILED, PORT_IN_USE, STORAGE_FULL. */
export async function startMinio({ supervisor, tools, port, settings }: MinioOptions): Promise<S3Server> {
  const command = need(tools, 'minio')
  await checkPort(port, title)
  const folder = engineFolder(supervisor.home, 'minio')
  const accessKey = 'darkroom'
  const secretKey = keptSecret(join(folder, 'secret-key'))
  const region = 'us-east-1'
  const endpoint = `http://127.0.0.1:${port}`
  const engine = await supervisor.start({
    name: 'minio',
    title,
    command,
    args: [
      'server',
      engineFolder(folder, 'data'),
      '--address',
      `127.0.0.1:${port}`,
      '--certs-dir',
      engineFolder(folder, 'certificates'),
      '--quiet',
    ],
    cwd: folder,
    env: {
      GOMEMLIMIT: `${engineLimits.minioMemoryMb}MiB`,
      ...settings,
      MINIO_ROOT_USER: accessKey,
      MINIO_ROOT_PASSWORD: secretKey,
      MINIO_REGION: region,
      MINIO_BROWSER: 'off',
      // Nothing calls home.
      MINIO_UPDATE: 'off',
      MINIO_CALLHOME_ENABLE: 'off',
    },
    ready: async () => (await get(`${endpoint}/minio/health/ready`))?.status === 200,
  })
  return { endpoint, region, accessKey, secretKey, engine, stop: engine.stop }
}
