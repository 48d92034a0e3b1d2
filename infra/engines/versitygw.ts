import { join } from 'node:path'
import { engineFolder, keptSecret } from './folders.ts'
import { engineLimits } from './limits.ts'
import type { S3Server } from './minio.ts'
import { checkPort } from './ports.ts'
import { get } from './probes.ts'
import type { Supervisor } from './supervisor.ts'
import { need, type Tools } from './tools.ts'

const title = 'versitygw'

export interface VersitygwOptions {
  readonly supervisor: Supervisor
  readonly tools: Tools
  readonly port: number
}

/** Starts versitygw, a second S3 server, on plain files below HOME/versitygw. ENGINE_MISSING, ENGINE_FAILED, PORT_IN_USE, STORAGE_FULL. */
export async function startVersitygw({ supervisor, tools, port }: VersitygwOptions): Promise<S3Server> {
  const command = need(tools, 'versitygw')
  await checkPort(port, title)
  const folder = engineFolder(supervisor.home, 'versitygw')
  const accessKey = 'darkroom'
  const secretKey = keptSecret(join(folder, 'secret-key'))
  const region = 'us-east-1'
  const endpoint = `http://127.0.0.1:${port}`
  const engine = await supervisor.start({
    name: 'versitygw',
    title,
    command,
    args: ['--port', `127.0.0.1:${port}`, '--region', region, '--quiet', 'posix', engineFolder(folder, 'data')],
    cwd: folder,
    env: { GOMEMLIMIT: `${engineLimits.versitygwMemoryMb}MiB`, ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
    // It refuses those without keys, in XML: that is an answer of S3.
    ready: async () => (await get(`${endpoint}/`))?.body.includes('<Error>') === true,
  })
  return { endpoint, region, accessKey, secretKey, engine, stop: engine.stop }
}
