import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { CreateMultipartUploadCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { codeOf, MediaError } from '../../domain/errors.ts'
import { startMinio, type S3Server } from '../../infra/engines/minio.ts'
import { pickPorts } from '../../infra/engines/ports.ts'
import { openSupervisor, type Supervisor } from '../../infra/engines/supervisor.ts'
import { parseTools } from '../../infra/engines/tools.ts'
import { startVersitygw } from '../../infra/engines/versitygw.ts'
import { provisionBucket } from '../../objects/provision.ts'
import { type S3ObjectStoreOptions, s3Client } from '../../objects/s3/options.ts'
import { abortStaleUploads, openUploads } from '../../objects/s3/stale-uploads.ts'
import { createS3ObjectStore } from '../../objects/s3/store.ts'
import { objectStoreContract } from './objects.contract.ts'

const tools = parseTools(process.env.DARKROOM_TOOLS)
const partBytes = 5 * 1024 ** 2

const servers = [
  { title: 'MinIO', tool: 'minio', start: startMinio, oneWinner: true },
  // It looks whether the key is free before it writes, and not again: several writers at the same instant can all win.
  { title: 'versitygw', tool: 'versitygw', start: startVersitygw, oneWinner: false },
] as const

for (const { title, tool, start, oneWinner } of servers) {
  if (tools[tool] === undefined && process.env.DARKROOM_REQUIRE_ALL !== '1') {
    test(`${title}: objects on a real server`, { skip: `${tool} is not installed: run npm run setup` }, () => {})
    continue
  }
  suite(title, () => {
    let home: string
    let supervisor: Supervisor
    let server: S3Server
    let options: S3ObjectStoreOptions

    before(async () => {
      home = await mkdtemp(join(tmpdir(), 'darkroom-s3-'))
      supervisor = await openSupervisor({ home })
      const { s3 } = await pickPorts(0, ['s3'])
      server = await start({ supervisor, tools, port: s3 })
      options = {
        endpoint: server.endpoint,
        region: server.region,
        bucket: 'darkroom',
        accessKeyId: server.accessKey,
        secretAccessKey: server.secretKey,
        partBytes,
      }
    })
    after(async () => {
      await supervisor?.stop()
      await rm(home, { recursive: true, force: true })
    })

    test(`${title}: a bucket is made once, by one of many at once, and left alone afterwards`, async () => {
      const made = await Promise.all([1, 2, 3, 4].map(() => provisionBucket(options)))
      assert.ok(made.filter((each) => each.made).length >= 1)
      const { made: again } = await provisionBucket(options)
      assert.equal(again, false)
      const anonymous = await fetch(`${server.endpoint}/darkroom?list-type=2`)
      assert.equal(anonymous.status, 403)
    })

    objectStoreContract(
      `${title} objects`,
      async () => {
        await provisionBucket(options)
        const store = createS3ObjectStore(options)
        const client = s3Client(options, false)
        return {
          store,
          leftovers: async () => {
            const keys: string[] = []
            for await (const { Key } of openUploads(client, options.bucket)) keys.push(Key ?? '')
            return keys
          },
          close: async () => {
            store.close()
            client.destroy()
          },
        }
      },
      { streamBytes: partBytes * 2 + 1_000_003, oneWinner, keyBelowKey: false },
    )

    test(`${title}: a listing of several pages is complete and in order`, async () => {
      const store = createS3ObjectStore(options)
      const keys = Array.from({ length: 1_050 }, (_, index) => `pages/${String(index).padStart(5, '0')}`)
      for (let start = 0; start < keys.length; start += 32) {
        await Promise.all(keys.slice(start, start + 32).map((key) => store.put(key, new Uint8Array(1))))
      }
      const listed: string[] = []
      for await (const { key } of store.list('pages/')) listed.push(key)
      assert.deepEqual(listed, keys)
      store.close()
    })

    test(`${title}: a put whose answer was lost knows that it won`, async () => {
      await withProxy(server.endpoint, async (endpoint, cut) => {
        const store = createS3ObjectStore({ ...options, endpoint })
        await store.put('lost/warm-up', new Uint8Array(1))
        for (const bytes of [10, partBytes * 2]) {
          const key = `lost/${bytes}`
          cut(
            (method, path) =>
              path.startsWith(`/darkroom/${key}`) && (method === 'PUT' ? !path.includes('partNumber') : path.includes('uploadId')),
          )
          assert.deepEqual(await store.put(key, new Uint8Array(bytes), { ifNoneMatch: true }), { bytes })
          assert.equal(cut(null), 1)
          await assert.rejects(store.put(key, new Uint8Array(bytes), { ifNoneMatch: true }), (error) => codeOf(error) === 'OBJECT_EXISTS')
        }
        store.close()
      })
    })

    test(`${title}: uploads that a killed process left are aborted by age`, async () => {
      const client = s3Client(options, false)
      await client.send(new CreateMultipartUploadCommand({ Bucket: options.bucket, Key: 'stale' }))
      assert.equal(await abortStaleUploads(options, 60_000), 0)
      assert.equal(await abortStaleUploads(options, 60_000, Date.now() + 120_000), 1)
      for await (const upload of openUploads(client, options.bucket)) assert.fail(`left: ${upload.Key}`)
      client.destroy()
    })

    test(`${title}: a wrong secret and a missing bucket are STORAGE_UNAVAILABLE, and no secret is told`, async () => {
      for (const wrong of [{ secretAccessKey: 'not-the-secret' }, { bucket: 'nowhere' }]) {
        const given = { ...options, ...wrong }
        const store = createS3ObjectStore(given)
        for (const act of [
          () => store.put('a', new Uint8Array(1)),
          () => provisionBucketUnless('bucket' in wrong, given),
          () => store.put('a', new Uint8Array(1)),
        ]) {
          await assert.rejects(act, (error) => {
            assert.ok(error instanceof MediaError)
            assert.equal(error.code, 'STORAGE_UNAVAILABLE')
            const told = `${error.stack} ${JSON.stringify(error.facts)} ${String(error.cause)}`
            assert.ok(!told.includes(given.secretAccessKey) && !told.includes('Signature=') && !told.includes('StringToSign'))
            return true
          })
        }
        store.close()
      }
    })

    test(`${title}: a bucket that anybody may read is refused`, async () => {
      const open = { ...options, bucket: 'open-house' }
      await provisionBucket(open)
      const Policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::open-house/*'] }],
      })
      const client = s3Client(options, false)
      await client.send(new PutBucketPolicyCommand({ Bucket: 'open-house', Policy }))
      client.destroy()
      await assert.rejects(provisionBucket(open), /lets anybody in/)
    })
  })
}

test('S3 objects: a server that is not there is STORAGE_UNAVAILABLE', async () => {
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address() as AddressInfo
  await new Promise((done) => gone.close(done))
  const store = createS3ObjectStore({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: 'b',
    accessKeyId: 'a',
    secretAccessKey: 's',
    attemptsMax: 1,
  })
  for (const act of [() => store.put('a', new Uint8Array(1)), () => store.get('a'), () => store.head('a'), () => store.delete('a')]) {
    await assert.rejects(act, (error) => codeOf(error) === 'STORAGE_UNAVAILABLE')
  }
  store.close()
})

async function provisionBucketUnless(skip: boolean, options: S3ObjectStoreOptions): Promise<void> {
  if (skip) throw new MediaError('STORAGE_UNAVAILABLE')
  await provisionBucket(options)
}

type Cut = (when: ((method: string, path: string) => boolean) | null) => number

/** A proxy that does what it is asked, and on the first request that `cut` names hangs up instead of answering. */
async function withProxy(target: string, act: (endpoint: string, cut: Cut) => Promise<void>): Promise<void> {
  const { host } = new URL(target)
  let when: ((method: string, path: string) => boolean) | null = null
  let count = 0
  const proxy = createServer((incoming, response) => {
    const { method = '', url = '' } = incoming
    const upstream = request(target, { method, path: url, headers: { ...incoming.headers } })
    upstream.on('error', () => response.destroy())
    upstream.on('response', (answer) => {
      if (when?.(method, url) && count === 0) {
        count += 1
        answer.resume().on('end', () => response.destroy())
        return
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(upstream)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  try {
    assert.ok(host)
    await act(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, (next) => {
      const before = count
      when = next
      count = 0
      return before
    })
  } finally {
    proxy.closeAllConnections()
    await new Promise((done) => proxy.close(done))
  }
}
