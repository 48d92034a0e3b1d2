import { connect, type Socket } from 'node:net'

/** A client that costs little: what is measured is the server. Requests are ready-made bytes, one under way per connection. */
export interface Lane {
  /** The body's length, and the body where it is wanted. Any status but 2xx throws. */
  ask(request: readonly Uint8Array[], keepBody?: boolean): Promise<Answer>
  close(): void
}

export interface Answer {
  readonly bytes: number
  readonly body: Buffer
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const NONE = Buffer.alloc(0)

export async function openLane(port: number): Promise<Lane> {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void; keepBody: boolean } | null = null
  let head: Buffer = NONE
  /** Of the body; -1 while the head is being read. */
  let left = -1
  let bytes = 0
  let parts: Buffer[] = []

  function finish(): void {
    const done = waiting
    waiting = null
    left = -1
    done?.resolve({ bytes, body: done.keepBody ? Buffer.concat(parts) : NONE })
  }

  function fail(error: Error): void {
    waiting?.reject(error)
    waiting = null
  }

  socket.on('data', (chunk: Buffer) => {
    let rest = chunk
    if (left < 0) {
      head = head.byteLength === 0 ? chunk : Buffer.concat([head, chunk])
      const end = head.indexOf(END_OF_HEAD)
      if (end < 0) return
      const text = head.toString('latin1', 0, end)
      rest = head.subarray(end + END_OF_HEAD.byteLength)
      head = NONE
      const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
      if (!/^HTTP\/1\.1 2\d\d/.test(text) || (length === undefined && !text.startsWith('HTTP/1.1 204'))) {
        fail(new Error(`not an answer that is understood: ${text.split('\r\n', 1)[0]}`))
        return
      }
      bytes = Number(length ?? 0)
      left = bytes
      parts = []
    }
    left -= rest.byteLength
    if (waiting?.keepBody) parts.push(rest)
    if (left === 0) finish()
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))

  return {
    ask(request, keepBody = false) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject, keepBody }
        if (request.length > 1) socket.cork()
        for (const part of request) socket.write(part)
        if (request.length > 1) socket.uncork()
      })
    },
    close: () => socket.destroy(),
  }
}

export function head(method: string, path: string, port: number, length?: number): Uint8Array {
  const body = length === undefined ? '' : `Content-Type: image/jpeg\r\nContent-Length: ${length}\r\n`
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${body}\r\n`)
}
