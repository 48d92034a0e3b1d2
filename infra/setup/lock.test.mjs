import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { isAlive, startedAt, withLock } from './lock.mjs'

function inTmp(work) {
  return async () => {
    const dir = mkdtempSync(join(tmpdir(), 'darkroom-lock-'))
    try {
      await work(dir)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

function deadPid() {
  return spawnSync(process.execPath, ['-e', '']).pid
}

function writeDead(file) {
  writeFileSync(file, JSON.stringify({ id: 'dead-1', pid: deadPid(), host: hostname() }))
}

test(
  'lock: two at once work one after the other',
  inTmp(async (dir) => {
    const file = join(dir, 'tool.lock')
    let inside = 0
    let waits = 0
    const one = () =>
      withLock(
        file,
        async () => {
          assert.equal(++inside, 1)
          await new Promise((done) => setTimeout(done, 20))
          inside--
        },
        () => waits++,
      )
    await Promise.all([one(), one(), one()])
    assert.equal(waits, 2)
    assert.deepEqual(readdirSync(dir), [])
  }),
)

test(
  "lock: a dead holder's lock is taken over, by one of many only at a time",
  inTmp(async (dir) => {
    const file = join(dir, 'tool.lock')
    writeDead(file)
    const counter = join(dir, 'counter')
    writeFileSync(counter, '0')
    const program = `
      import { withLock } from ${JSON.stringify(new URL('./lock.mjs', import.meta.url).href)};
      import { readFileSync, writeFileSync } from 'node:fs';
      await withLock(${JSON.stringify(file)}, async () => {
        const n = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'));
        await new Promise((done) => setTimeout(done, 30));
        writeFileSync(${JSON.stringify(counter)}, String(n + 1));
      });`
    const runs = Array.from({ length: 6 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' })
      return new Promise((done) => child.once('close', done))
    })
    assert.deepEqual(await Promise.all(runs), [0, 0, 0, 0, 0, 0])
    assert.equal(readFileSync(counter, 'utf8'), '6')
    assert.equal(existsSync(file), false)
  }),
)

test(
  'lock: one who died while taking over does not block the next',
  inTmp(async (dir) => {
    const file = join(dir, 'tool.lock')
    writeDead(file)
    writeDead(`${file}.dead-1`)
    assert.equal(await withLock(file, () => 'done'), 'done')
  }),
)

test(
  'lock: it is given back when the work fails',
  inTmp(async (dir) => {
    const file = join(dir, 'tool.lock')
    await assert.rejects(
      withLock(file, () => {
        throw new Error('no')
      }),
    )
    assert.equal(existsSync(file), false)
  }),
)

test('lock: a pid that was given out again is not its former holder', { skip: !startedAt(process.pid) }, () => {
  const self = { pid: process.pid, host: hostname(), started: startedAt(process.pid) }
  assert.equal(isAlive(self, 0), true)
  assert.equal(isAlive({ ...self, started: '1' }, 0), false)
})

test('lock: a holder on another machine is believed for an hour', () => {
  const foreign = { pid: deadPid(), host: 'elsewhere' }
  assert.equal(isAlive(foreign, 59 * 60 * 1000), true)
  assert.equal(isAlive(foreign, 61 * 60 * 1000), false)
})
