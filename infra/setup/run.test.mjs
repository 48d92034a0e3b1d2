// The whole program, as a child, in a checkout made for the purpose: with what is
// installed already and with what cannot be had.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { pins } from './pins.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const ownNode = Number.parseInt(process.versions.node, 10) >= pins.node.majorMin

/** A checkout with set-up, node_modules and nothing else but `mains`. */
function checkout(mains = {}) {
  const repo = mkdtempSync(join(tmpdir(), 'darkroom-run-'))
  cpSync(here, join(repo, 'infra', 'setup'), { recursive: true })
  mkdirSync(join(repo, 'node_modules'))
  for (const [path, text] of Object.entries(mains)) {
    mkdirSync(join(repo, dirname(path)), { recursive: true })
    writeFileSync(join(repo, path), text)
  }
  return repo
}

function program(path, text) {
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
}

function start(repo, args, env = {}) {
  const child = spawn(process.execPath, [join(repo, 'infra', 'setup', 'run.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: repo, DARKROOM_CACHE: join(repo, 'cache'), ...env },
  })
  const told = { out: '', err: '' }
  child.stdout.on('data', (part) => (told.out += part))
  child.stderr.on('data', (part) => (told.err += part))
  const end = new Promise((done) => child.once('close', (status) => done({ status, ...told })))
  return { child, told, end }
}

async function inCheckout(mains, work) {
  const repo = checkout(mains)
  try {
    await work(repo)
  } finally {
    rmSync(repo, { recursive: true, force: true })
  }
}

test('run: who mistypes a command is told the one that was meant, and all that there are', () =>
  inCheckout({}, async (repo) => {
    for (const [word, near] of [
      ['strat', 'start'],
      ['dmeo', 'demo'],
      ['volume', 'volumes'],
      ['testunit', 'test:unit'],
    ]) {
      const { status, err, out } = await start(repo, [word]).end
      assert.equal(status, 1)
      assert.match(err, new RegExp(`there is no command "${word}"; did you mean ${near}\\?\n.*one of: demo, start, `))
      assert.equal(out, '')
    }
    assert.match((await start(repo, ['frobnicate']).end).err, /there is no command "frobnicate"\n/)
    assert.match((await start(repo, []).end).err, /no command is named\n.*one of: demo/)
  }))

test('run: the program gets its arguments, its tools, stdout for itself, and its status is ours', { skip: !ownNode }, () =>
  inCheckout(
    {
      'workers/events.main.ts': `
        const tools = JSON.parse(process.env.DARKROOM_TOOLS as string);
        const onPath = (process.env.PATH as string).split(':')[0];
        console.log(JSON.stringify({ onPath, args: process.argv.slice(2), node: tools.node, missing: tools.missing }));
        process.exit(7);`,
    },
    async (repo) => {
      const { status, out } = await start(repo, ['events', '--json', 'a b']).end
      assert.equal(status, 7)
      const told = JSON.parse(out)
      assert.deepEqual(told.args, ['--json', 'a b'])
      assert.deepEqual(told.missing, [])
      assert.equal(told.onPath, dirname(told.node))
    },
  ),
)

test('run: a signal reaches the program, and dying of one is told as 128 and its number', { skip: !ownNode }, () =>
  inCheckout(
    {
      'workers/events.main.ts': `
        process.on('SIGTERM', () => { console.log('asked to end'); process.kill(process.pid, 'SIGKILL'); });
        console.log('up');
        setInterval(() => {}, 1000);`,
    },
    async (repo) => {
      const { child, end } = start(repo, ['events'])
      child.stdout.once('data', () => child.kill('SIGTERM'))
      const { status, out } = await end
      assert.equal(out, 'up\nasked to end\n')
      assert.equal(status, 128 + 9)
    },
  ),
)

test('run: a missing tool is one sentence; what can do without it runs', { skip: !ownNode }, () =>
  inCheckout({ 'tests/run.ts': 'console.log(process.env.DARKROOM_TOOLS);' }, async (repo) => {
    // No PATH, so no apt-get and no ffmpeg; a daemon directory may still hold neither.
    const { status, out, err } = await start(repo, ['test:unit'], { PATH: join(repo, 'empty') }).end
    assert.equal(status, 0, err)
    const { missing } = JSON.parse(out)
    assert.equal(missing[0].tool, 'ffmpeg')
    assert.match(missing[0].sentence, /^ffmpeg could not be had \(.*\), so no video is probed or encoded$/)
    assert.doesNotMatch(err, /\n\s+at /)
  }),
)

test('run: where everything is required a missing tool ends the start', { skip: !ownNode }, () =>
  inCheckout({ 'tests/run.ts': 'console.log("ran");' }, async (repo) => {
    const env = { PATH: join(repo, 'empty'), DARKROOM_REQUIRE_ALL: '1' }
    const { status, out, err } = await start(repo, ['test:unit'], env).end
    assert.equal(status, 1)
    assert.equal(out, '')
    assert.match(err, /cannot go on without ffmpeg/)
  }),
)

test('run: a tool on PATH that is of no use to us is refused with the reason', { skip: !ownNode }, () =>
  inCheckout({ 'tests/run.ts': 'console.log(process.env.DARKROOM_TOOLS);' }, async (repo) => {
    const bin = join(repo, 'bin')
    mkdirSync(bin)
    program(join(bin, 'ffmpeg'), 'echo "ffmpeg version 6.1"; echo " A..... aac "')
    program(join(bin, 'ffprobe'), 'true')
    const { out } = await start(repo, ['test:unit'], { PATH: bin }).end
    assert.match(JSON.parse(out).missing[0].sentence, /bin\/ffmpeg has no encoder libx264/)
  }),
)
