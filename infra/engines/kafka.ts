import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { engineFolder, makeOnce } from './folders.ts'
import { engineLimits } from './limits.ts'
import { checkPort } from './ports.ts'
import { exchange } from './probes.ts'
import type { Engine, Supervisor } from './supervisor.ts'
import { render } from './templates.ts'
import { need, type Tools } from './tools.ts'

const title = 'Kafka'

export interface KafkaBroker {
  /** host:port, for KAFKA_BROKERS. */
  readonly address: string
  readonly engine: Engine
  stop(): Promise<void>
}

export interface KafkaOptions {
  readonly supervisor: Supervisor
  readonly tools: Tools
  readonly ports: { readonly broker: number; readonly controller: number }
}

const template = new URL('../kafka/server.properties', import.meta.url)
const logging = new URL('../kafka/log4j2.properties', import.meta.url)

/** ApiVersions, version 0, correlation id 1, no client id: the one request that every broker answers to anybody. */
const apiVersionsRequest = Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff)

/** A broker listens long before it takes requests: only an answer counts. */
async function answers(port: number): Promise<boolean> {
  return (await exchange(port, apiVersionsRequest)) !== null
}

/**
 * Starts one Kafka node (KRaft) on HOME/kafka, formatting its storage at the first start.
 * ENGINE_MISSING, ENGINE_FAILED, PORT_IN_USE, STORAGE_FULL.
 */
export async function startKafka({ supervisor, tools, ports }: KafkaOptions): Promise<KafkaBroker> {
  const command = need(tools, 'java')
  const classPath = join(need(tools, 'kafkaLib'), '*')
  await checkPort(ports.broker, title)
  await checkPort(ports.controller, `${title} controller`)
  const folder = engineFolder(supervisor.home, 'kafka')
  const log4j = join(folder, 'log4j2.properties')
  writeFileSync(log4j, readFileSync(logging))
  // Quick to start rather than quickest in the long run: one broker for one machine.
  const java = [
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:+ExitOnOutOfMemoryError',
    `-Dlog4j2.configurationFile=${log4j}`,
    '-cp',
    classPath,
  ]
  const properties = (data: string, file: string) => {
    writeFileSync(
      file,
      render(readFileSync(template, 'utf8'), { BROKER_PORT: ports.broker, CONTROLLER_PORT: ports.controller, DATA: data }),
    )
    return file
  }
  const data = join(folder, 'data')
  await makeOnce(data, async (draft) => {
    const file = properties(draft, join(folder, 'format.properties'))
    const clusterId = randomBytes(16).toString('base64url')
    // In one word: an id may begin with a dash, which would be taken for the next option.
    const args = ['-Xmx128m', ...java, 'kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', file, '--standalone']
    await supervisor.run({ name: 'kafka-format', title: 'The storage tool of Kafka', command, args, cwd: folder })
  })
  const file = properties(data, join(folder, 'server.properties'))
  const engine = await supervisor.start({
    name: 'kafka',
    title,
    command,
    args: [`-Xmx${engineLimits.kafkaHeapMb}m`, ...java, 'kafka.Kafka', file],
    cwd: folder,
    ready: () => answers(ports.broker),
  })
  return { address: `127.0.0.1:${ports.broker}`, engine, stop: engine.stop }
}
