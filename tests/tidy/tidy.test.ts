import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { test } from 'node:test'
import { bans } from './bans.ts'
import { homes, layers, pure, roots, type Way } from './layers.ts'
import { importsOf, sources } from './sources.ts'

const all = sources()
const code = all.filter(({ path }) => /\.(ts|mjs)$/.test(path))
const isTest = (path: string) => /\.(test|contract)\.(ts|mjs)$/.test(path)

function top(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

test('tidy: every folder imports only what the law of imports allows it', () => {
  const broken: string[] = []
  for (const { path, text } of code) {
    const from = top(path)
    const law = layers[from]
    if (!law || roots.includes(from) || isTest(path)) continue
    for (const { specifier, way } of importsOf(text)) {
      if (!specifier.startsWith('.')) continue
      const to = top(join(dirname(path), specifier))
      const allowed: Record<Way, readonly string[]> = { value: law.value, type: [...law.value, ...(law.type ?? [])] }
      if (to !== from && to !== '' && !allowed[way].includes(to))
        broken.push(`${path} may not import ${specifier}${way === 'value' ? '' : ' even as a type'}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('tidy: every vendor is imported in its home only', () => {
  const broken: string[] = []
  for (const { path, text } of code) {
    if (roots.includes(top(path)) && top(path) !== 'workers') continue
    if (isTest(path)) continue
    for (const { specifier } of importsOf(text)) {
      const home = homes[packageOf(specifier)]
      if (home && !home.includes(top(path))) broken.push(`${path} imports ${specifier}, which belongs in ${home.join(' or ')}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('tidy: every dependency of package.json has a home in the table', () => {
  const manifest = JSON.parse(all.find(({ path }) => path === 'package.json')?.text ?? '{}') as Record<string, Record<string, string>>
  assert.deepEqual(
    Object.keys({ ...manifest['dependencies'], ...manifest['optionalDependencies'] }).filter((name) => !homes[name]),
    [],
  )
})

test('tidy: pure folders import nothing of Node', () => {
  const broken = code
    .filter(({ path }) => pure.includes(top(path)) && !isTest(path))
    .flatMap(({ path, text }) =>
      importsOf(text)
        .filter(({ specifier }) => specifier.startsWith('node:'))
        .map(({ specifier }) => `${path}: ${specifier}`),
    )
  assert.deepEqual(broken, [])
})

test('tidy: no source file is longer than 400 lines', () => {
  const long = code.filter(({ text }) => text.split('\n').length > 401).map(({ path }) => path)
  assert.deepEqual(long, [])
})

test('tidy: only composition roots read the environment', () => {
  const readers = code
    .filter(
      ({ path, text }) =>
        /process\.env\b/.test(text) && !isTest(path) && !/^(workers\/[\w-]+\.main\.ts|infra\/setup\/|tests\/|bench\/)/.test(path),
    )
    .map(({ path }) => path)
  assert.deepEqual(readers, [])
})

test('tidy: banned words do not occur; each has a replacement', () => {
  const broken: string[] = []
  for (const { path, text } of all) {
    if (path.startsWith('tests/tidy/')) continue
    for (const { pattern, instead, only } of bans) {
      if (only && !only.test(path)) continue
      const line = text.split('\n').findIndex((candidate) => pattern.test(candidate))
      if (line >= 0) broken.push(`${path}:${line + 1}: ${pattern} - ${instead}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('tidy: every test name is a sentence that names its subject', () => {
  const broken: string[] = []
  for (const { path, text } of code) {
    if (!isTest(path)) continue
    for (const match of text.matchAll(/^\s*(?:test|it)\(\s*(['"`])(.*?)\1/gm)) {
      const name = match[2] ?? ''
      if (!/^(\$\{name\}|[\w$<> {}./-]+): \S+ \S+/.test(name)) broken.push(`${path}: ${name}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('tidy: migrations are numbered from one on, each number once', () => {
  const names = readdirSync(join(import.meta.dirname, '../../catalog/migrations')).toSorted()
  assert.deepEqual(
    names.map((name) => Number(name.slice(0, 4))),
    names.map((_, at) => at + 1),
  )
})
