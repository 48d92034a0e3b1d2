import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { test } from 'node:test'
import { checkPort, pickPorts } from './ports.ts'

async function listening(port = 0, host = '127.0.0.1'): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(port, host)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

test('ports: any free ones are all different, and each can be listened on', async () => {
  const names = ['api', 'origin', 'edge', 'grpc', 'ui'] as const
  const ports = await pickPorts(0, names)
  assert.equal(new Set(Object.values(ports)).size, names.length)
  const servers = await Promise.all(Object.values(ports).map((port) => listening(port)))
  for (const { server } of servers) server.close()
})

test('ports: a block from a base is in the order of the names', async () => {
  const { api: base } = await pickPorts(0, ['api'])
  assert.deepEqual(await pickPorts(base, ['Temporal']), { Temporal: base })
  await assert.rejects(pickPorts(65_535, ['one', 'two']), /no 2 ports from 65535/)
  await assert.rejects(pickPorts(-1, ['one']), /no 1 ports/)
})

test('ports: one in use is named in one sentence, with what wanted it', async () => {
  const { server, port } = await listening()
  try {
    const expected = {
      code: 'PORT_IN_USE',
      message: `Port ${port} is in use by another program; Kafka needs it: end that program or choose other ports.`,
    }
    await assert.rejects(checkPort(port, 'Kafka'), expected)
    await assert.rejects(pickPorts(port, ['Kafka', 'MinIO']), expected)
  } finally {
    server.close()
  }
})

test('ports: one that is held on every address is in use, too', async () => {
  const { server, port } = await listening(0, '0.0.0.0')
  try {
    await assert.rejects(checkPort(port, 'Kafka'), { code: 'PORT_IN_USE' })
  } finally {
    server.close()
  }
})
