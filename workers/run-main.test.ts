import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** A main with a part that stops when it is told on standard input, and says what it does. */
function main() {
  const script = `
    const { runMain } = await import(${JSON.stringify(join(import.meta.dirname, 'run-main.ts'))})
    await runMain(async (parts) => {
      parts.add({ name: 'stuck', stop: () => new Promise((done) => {
        process.stdout.write('stopping\\n')
        process.stdin.once('data', () => done())
      }) })
      setInterval(() => {}, 60_000)
      process.stdout.write('started\\n')
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  const said = async () => String(((await once(child.stdout, 'data')) as [Buffer])[0]).trim()
  return { child, exited, said }
}

test('main: a signal that comes twice at once stops in order', async () => {
  const { child, exited, said } = main()
  assert.equal(await said(), 'started')
  child.kill('SIGINT')
  assert.equal(await said(), 'stopping')
  child.kill('SIGINT')
  child.kill('SIGTERM')
  child.stdin.write('go on')
  assert.deepEqual(await exited, [0, null])
})

test('main: a second Ctrl-C ends what will not stop', async () => {
  const { child, exited, said } = main()
  assert.equal(await said(), 'started')
  child.kill('SIGINT')
  assert.equal(await said(), 'stopping')
  await sleep(1_100)
  child.kill('SIGINT')
  assert.deepEqual(await exited, [130, null])
})
