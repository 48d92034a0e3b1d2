import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { cacheDir, openCache, place } from './cache.mjs'
import { SetupFault } from './fault.mjs'
import { restoreLinks } from './tools/postgres.mjs'

function inCache(work) {
  return async () => {
    const dir = mkdtempSync(join(tmpdir(), 'darkroom-cache-'))
    try {
      await work(openCache(dir))
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

test('cache: its place is named, or root’s outside /root, or in the user’s cache', () => {
  assert.equal(cacheDir({ DARKROOM_CACHE: '/a/b' }, 0), '/a/b')
  assert.equal(cacheDir({ HOME: '/root' }, 0), '/var/cache/darkroom')
  assert.equal(cacheDir({ XDG_CACHE_HOME: '/x', HOME: '/home/u' }, 1000), '/x/darkroom')
  assert.equal(cacheDir({ HOME: '/home/u' }, 1000), '/home/u/.cache/darkroom')
})

test(
  'cache: one that cannot be made is a sentence',
  inCache(async (cache) => {
    writeFileSync(cache.at('file'), '')
    assert.throws(() => openCache(cache.at('file', 'below')), SetupFault)
  }),
)

test(
  'cache: what was filled appears under its name, whole and readable by others',
  inCache(async (cache) => {
    const final = await place(cache, 'tool-1', (tmp) => writeFileSync(join(tmp, 'tool'), 'x'))
    assert.equal(readFileSync(join(final, 'tool'), 'utf8'), 'x')
    assert.equal(statSync(final).mode & 0o777, 0o755)
    assert.deepEqual(readdirSync(cache.at('.tmp')), [])
  }),
)

test(
  'cache: a filling that fails leaves nothing behind and the former version in place',
  inCache(async (cache) => {
    await place(cache, 'tool-1', (tmp) => writeFileSync(join(tmp, 'tool'), 'old'))
    const failing = place(cache, 'tool-1', (tmp) => {
      writeFileSync(join(tmp, 'tool'), 'half')
      throw new Error('cut short')
    })
    await assert.rejects(failing, /cut short/)
    assert.equal(readFileSync(cache.at('tool-1', 'tool'), 'utf8'), 'old')
    assert.deepEqual(readdirSync(cache.at('.tmp')), [])
  }),
)

test(
  'cache: the rest of a killed attempt is swept away by the next one, and only that tool’s',
  inCache(async (cache) => {
    for (const name of ['tool-1.999', 'other-1.999']) mkdirSync(cache.at('.tmp', name))
    await place(cache, 'tool-1', () => {})
    assert.deepEqual(readdirSync(cache.at('.tmp')), ['other-1.999'])
  }),
)

test(
  'postgres: the links its libraries need are made, and none outside the package',
  inCache(async (cache) => {
    const links = (target) => [{ source: 'native/lib/libpq.so.5.18', target }]
    mkdirSync(cache.at('native', 'lib'), { recursive: true })
    writeFileSync(cache.at('native', 'lib', 'libpq.so.5.18'), 'elf')
    const list = cache.at('native', 'pg-symlinks.json')
    writeFileSync(list, JSON.stringify(links('native/lib/libpq.so')))
    restoreLinks(cache.dir)
    restoreLinks(cache.dir)
    assert.equal(readFileSync(cache.at('native', 'lib', 'libpq.so'), 'utf8'), 'elf')
    writeFileSync(list, JSON.stringify(links('../escaped.so')))
    assert.throws(() => restoreLinks(cache.dir), SetupFault)
    assert.equal(existsSync(join(cache.dir, '..', 'escaped.so')), false)
  }),
)
