import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { newHome, startInstance } from '../e2e/support/instance.ts'
import { processesOf } from '../e2e/support/processes.ts'
import { missing, tools } from '../e2e/support/tools.ts'

const run = promisify(execFile)
const skip = missing('postgresBin', 'temporal', 'ffmpeg')

/** Starts and fails; gives the one sentence that the person is told, and shows that nothing is left. */
async function failure(home: string, env: Record<string, string>, args?: string[]): Promise<string> {
  const error = await startInstance(home, env, args).then(
    async (running) => {
      await running.stop()
      return assert.fail('it started')
    },
    (thrown: Error) => thrown,
  )
  const said = error.message.replace(/^.*before it was ready: /, '').trim()
  assert.deepEqual(
    processesOf(home).map(({ command }) => command),
    [],
  )
  const lines = said.split('\n').filter((line) => !line.endsWith(' is ready'))
  assert.equal(lines.length, 1, said)
  return lines[0] ?? ''
}

test('failed start: a port in use is named, with what wanted it', { skip }, async () => {
  const home = await newHome()
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo
  try {
    assert.match(await failure(home.path, {}, ['--port', String(port)]), new RegExp(`Port ${port} is in use .*api`))
  } finally {
    squatter.close()
    await home.remove()
  }
})

test('failed start: a missing tool is named, and nothing else is started', { skip }, async () => {
  const home = await newHome()
  const without = JSON.stringify({ ...tools, temporal: undefined })
  assert.match(await failure(home.path, { DARKROOM_TOOLS: without }), /temporal is not installed/)
  await home.remove()
})

test('failed start: a wrong setting is named before anything is started', { skip }, async () => {
  const home = await newHome()
  assert.equal(await failure(home.path, { IMAGE_SLOTS: 'many' }), 'IMAGE_SLOTS must be a whole number from 1 to 64, not "many".')
  await home.remove()
})

test('failed start: a full disk is said to be full', {
  skip: skip || (process.getuid?.() !== 0 && 'only root can mount a small disk'),
}, async (context) => {
  const home = await newHome()
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'darkroom-test', home.path])
  context.after(async () => {
    await run('umount', [home.path])
    await home.remove()
  })
  assert.match(await failure(home.path, {}), /only 8 MiB left|no space left/)
})
