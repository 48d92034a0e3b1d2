import { createServer, type Server } from 'node:net'
import { MediaError } from '../../domain/errors.ts'
import { connects } from './probes.ts'

const host = '127.0.0.1'
/** Below the range that systems hand out to outgoing connections, so that none of those takes a port before its engine does. */
const freeFrom = 20_000
const freeTo = 32_000
const triesMax = 200

function listen(port: number): Promise<Server | null> {
  return new Promise((done, refuse) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') done(null)
      else refuse(error)
    })
    server.listen({ port, host, exclusive: true }, () => done(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()))
}

/** PORT_IN_USE, naming the port and what wanted it, unless `port` of 127.0.0.1 can be listened on. */
export async function checkPort(port: number, title: string): Promise<void> {
  // Where a wildcard listener does not hinder a narrower one (macOS), only a connection shows it.
  const server = (await connects(port)) ? null : await listen(port)
  if (server === null) {
    throw new MediaError(
      'PORT_IN_USE',
      `Port ${port} is in use by another program; ${title} needs it: end that program or choose other ports.`,
      { facts: { port } },
    )
  }
  await close(server)
}

async function anyFree<Name extends string>(names: readonly Name[]): Promise<Record<Name, number>> {
  const held: Server[] = []
  const ports: Partial<Record<Name, number>> = {}
  try {
    for (let tries = 0; held.length < names.length; tries++) {
      if (tries === triesMax)
        throw new MediaError('PORT_IN_USE', `No ${names.length} free ports were found between ${freeFrom} and ${freeTo}.`)
      const port = freeFrom + Math.floor(Math.random() * (freeTo - freeFrom))
      const server = (await connects(port)) ? null : await listen(port)
      if (server === null) continue
      ports[names[held.length] as Name] = port
      held.push(server)
    }
  } finally {
    await Promise.all(held.map(close))
  }
  return ports as Record<Name, number>
}

/**
 * Ports of 127.0.0.1 for `names` in their order: `base`, `base + 1`, ... each of which must be free (PORT_IN_USE),
 * or any free ones when `base` is 0. They are not held: start what needs them soon.
 */
export async function pickPorts<const Name extends string>(base: number, names: readonly Name[]): Promise<Record<Name, number>> {
  if (base === 0) return anyFree(names)
  if (!Number.isInteger(base) || base < 1 || base + names.length - 1 > 65_535) throw new Error(`no ${names.length} ports from ${base} on`)
  const ports: Partial<Record<Name, number>> = {}
  for (const [index, name] of names.entries()) {
    await checkPort(base + index, name)
    ports[name] = base + index
  }
  return ports as Record<Name, number>
}
