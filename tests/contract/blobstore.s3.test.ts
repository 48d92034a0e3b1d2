import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { ObjectStore } from '../../domain/ports.ts'
import { startMinio } from '../../infra/engines/minio.ts'
import { pickPorts } from '../../infra/engines/ports.ts'
import { openSupervisor, type Supervisor } from '../../infra/engines/supervisor.ts'
import { parseTools } from '../../infra/engines/tools.ts'
import { startVersitygw } from '../../infra/engines/versitygw.ts'
import { provisionBucket } from '../../objects/provision.ts'
import { createS3ObjectStore } from '../../objects/s3/store.ts'
import { blobStoreContract } from './blobstore.contract.ts'
import { objectHarness } from './blobstore-harness.ts'
import { volumeCareContract } from './volume-care.contract.ts'

const tools = parseTools(process.env.DARKROOM_TOOLS)

const servers = [
  { title: 'MinIO', tool: 'minio', start: startMinio },
  { title: 'versitygw', tool: 'versitygw', start: startVersitygw },
] as const

for (const { title, tool, start } of servers) {
  if (tools[tool] === undefined && process.env.DARKROOM_REQUIRE_ALL !== '1') {
    test(`${title}: volumes on a real server`, { skip: `${tool} is not installed: run npm run setup` }, () => {})
    continue
  }
  suite(title, () => {
    let home: string
    let supervisor: Supervisor
    let objects: (ObjectStore & { close(): void }) | null = null

    before(async () => {
      home = await mkdtemp(join(tmpdir(), 'darkroom-volumes-'))
      supervisor = await openSupervisor({ home })
      const { s3 } = await pickPorts(0, ['s3'])
      const server = await start({ supervisor, tools, port: s3 })
      const options = {
        endpoint: server.endpoint,
        region: server.region,
        bucket: 'volumes',
        accessKeyId: server.accessKey,
        secretAccessKey: server.secretKey,
      }
      await provisionBucket(options)
      objects = createS3ObjectStore(options)
    })
    after(async () => {
      objects?.close()
      await supervisor?.stop()
      await rm(home, { recursive: true, force: true })
    })

    async function open(): Promise<ObjectStore> {
      if (objects === null) throw new Error('the server was not started')
      return objects
    }

    blobStoreContract(`on ${title}`, async () => objectHarness(await open()), { flipEvery: 29 })
    volumeCareContract(`on ${title}`, open)
  })
}
