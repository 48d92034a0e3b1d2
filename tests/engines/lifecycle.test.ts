import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkPort, pickPorts } from '../../infra/engines/ports.ts'
import { startKafka } from '../../infra/engines/kafka.ts'
import { startMinio } from '../../infra/engines/minio.ts'
import { startPostgres } from '../../infra/engines/postgres.ts'
import { openSupervisor, type Engine, type Supervisor } from '../../infra/engines/supervisor.ts'
import { startTemporalDev } from '../../infra/engines/temporal-dev.ts'
import { startTemporalServer, temporalServerPorts } from '../../infra/engines/temporal-server.ts'
import type { ToolName } from '../../infra/engines/tools.ts'
import { startVarnish } from '../../infra/engines/varnish.ts'
import { startVersitygw } from '../../infra/engines/versitygw.ts'
import { processesOf } from '../e2e/support/processes.ts'
import { missing, tools } from '../e2e/support/tools.ts'

type Ports = Readonly<Record<string, number>>

/** How an engine is started, and an address that answers while it runs. */
interface Life {
  readonly name: string
  readonly needs: readonly ToolName[]
  readonly ports: readonly string[]
  start(supervisor: Supervisor, ports: Ports): Promise<Engine>
}

const port = (ports: Ports, name: string): number => {
  const value = ports[name]
  assert.ok(value)
  return value
}
const vcl = join(import.meta.dirname, '../../infra/varnish/darkroom.vcl')

const lives: readonly Life[] = [
  {
    name: 'PostgreSQL',
    needs: ['postgresBin'],
    ports: ['sql'],
    start: async (supervisor, ports) => (await startPostgres({ supervisor, tools, port: port(ports, 'sql') })).engine,
  },
  {
    name: 'the Temporal dev server',
    needs: ['temporal'],
    ports: ['grpc', 'ui', 'metrics'],
    start: async (supervisor, ports) => {
      const own = { grpc: port(ports, 'grpc'), ui: port(ports, 'ui'), metrics: port(ports, 'metrics') }
      return (await startTemporalDev({ supervisor, tools, ports: own })).engine
    },
  },
  {
    name: 'Kafka',
    needs: ['java', 'kafkaLib'],
    ports: ['broker', 'controller'],
    start: async (supervisor, ports) => {
      const own = { broker: port(ports, 'broker'), controller: port(ports, 'controller') }
      return (await startKafka({ supervisor, tools, ports: own })).engine
    },
  },
  {
    name: 'MinIO',
    needs: ['minio'],
    ports: ['s3'],
    start: async (supervisor, ports) => (await startMinio({ supervisor, tools, port: port(ports, 's3') })).engine,
  },
  {
    name: 'versitygw',
    needs: ['versitygw'],
    ports: ['s3'],
    start: async (supervisor, ports) => (await startVersitygw({ supervisor, tools, port: port(ports, 's3') })).engine,
  },
  {
    name: 'Varnish',
    needs: ['varnishd'],
    ports: ['http', 'origin'],
    start: async (supervisor, ports) => {
      const origin = { host: '127.0.0.1', port: port(ports, 'origin') }
      return (await startVarnish({ supervisor, tools, port: port(ports, 'http'), vcl, origin })).engine
    },
  },
]

async function scene(names: readonly string[]) {
  const home = await mkdtemp(join(tmpdir(), 'darkroom-lifecycle-'))
  const lost: string[] = []
  const supervisor = await openSupervisor({ home, onLost: (_, name) => lost.push(name) })
  return { home, lost, supervisor, ports: await pickPorts(0, names) }
}

/** Nothing of a data folder runs, is written down as running, or holds a port. */
async function assertGone(home: string, ports: Ports): Promise<void> {
  assert.deepEqual(
    processesOf(home).map(({ command }) => command),
    [],
  )
  // The lock's files stay; that nobody holds them is shown by the next start.
  const files = await readdir(home, { recursive: true })
  assert.deepEqual(
    files.filter((file) => /^run\/.*\.json$|postmaster\.pid$|\.lock$/.test(file)),
    [],
  )
  await (await openSupervisor({ home })).stop()
  for (const [name, number] of Object.entries(ports)) await checkPort(number, name)
}

for (const life of lives) {
  test(`lifecycle: ${life.name} starts, is killed and comes back, and leaves nothing when it is stopped`, {
    skip: missing(...life.needs),
  }, async (context) => {
    const { home, lost, supervisor, ports } = await scene(life.ports)
    context.after(async () => {
      await supervisor.stop()
      await rm(home, { recursive: true, force: true, maxRetries: 5 })
    })
    const first = await life.start(supervisor, ports)
    const records = await readdir(join(home, 'run'))
    assert.ok(
      records.some((name) => name === `${first.name}.json`),
      records.join(' '),
    )
    process.kill(first.pid, 'SIGKILL')
    await first.exited
    assert.deepEqual(lost, [first.name])
    const second = await life.start(supervisor, ports)
    assert.notEqual(second.pid, first.pid)
    await second.stop()
    await supervisor.stop()
    assert.deepEqual(lost, [first.name], 'a wanted stop is no loss')
    await assertGone(home, ports)
  })
}

test('lifecycle: the whole Temporal server on PostgreSQL starts, both are killed and come back, and leave nothing', {
  skip: missing('temporal', 'temporalServer', 'temporalSqlTool', 'temporalSchema', 'temporalUi', 'postgresBin'),
}, async (context) => {
  const { home, lost, supervisor, ports } = await scene(['sql', ...temporalServerPorts])
  context.after(async () => {
    await supervisor.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  })
  const start = async () => {
    const database = await startPostgres({ supervisor, tools, port: port(ports, 'sql') })
    const own = Object.fromEntries(temporalServerPorts.map((name) => [name, port(ports, name)])) as Record<
      (typeof temporalServerPorts)[number],
      number
    >
    return { database, temporal: await startTemporalServer({ supervisor, tools, database: database.temporal, ports: own }) }
  }
  const first = await start()
  // Its UI goes with it: a new one is started with the new server.
  const [ui] = processesOf(home).filter(({ command }) => command.includes('temporal-ui-server'))
  assert.ok(ui)
  for (const pid of [first.database.engine.pid, first.temporal.engine.pid, ui.pid]) process.kill(pid, 'SIGKILL')
  await Promise.all([first.database.engine.exited, first.temporal.engine.exited])
  while (lost.length < 3) await new Promise((resolve) => setTimeout(resolve, 10))
  const second = await start()
  assert.notEqual(second.temporal.engine.pid, first.temporal.engine.pid)
  await supervisor.stop()
  await assertGone(home, ports)
})
