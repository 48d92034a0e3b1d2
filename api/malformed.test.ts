import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { createJsonLogger } from './logger.ts'
import { refuseMalformed } from './malformed.ts'

test('malformed: a connection is answered, and let go of though the other side never ends it', async () => {
  let answer = ''
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      answer += chunk.toString()
      done()
    },
  })
  const lines: string[] = []
  const error = Object.assign(new Error('too slow'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
  refuseMalformed(
    error,
    socket,
    createJsonLogger((line) => lines.push(line)),
    10,
  )
  await once(socket, 'finish')
  assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n(.+\r\n)+\r\n{.*"code":"REQUEST_INVALID"/)
  assert.equal(lines.length, 1)
  await once(socket, 'close')
})
