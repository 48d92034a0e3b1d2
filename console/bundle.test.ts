import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundleConsole } from './bundle.ts'

test('console: the bundle is whole: the page names only files that are there, each with a hash in its name', async () => {
  const files = await bundleConsole()
  const page = Buffer.from(files.get('index.html')?.body ?? []).toString()
  const named = [...page.matchAll(/\/console\/([^"]+)"/g)].map((match) => match[1] ?? '').toSorted((a, b) => a.localeCompare(b))
  assert.deepEqual(
    named.map((name) => name.replace(/-[A-Z0-9]{8}\./, '.')),
    ['app.js', 'icon.svg', 'style.css'],
  )
  for (const name of named) assert.ok(files.get(name)?.immutable)
  assert.equal(files.get('index.html')?.immutable, false)
  // The policy allows no inline script or style.
  assert.doesNotMatch(page, /<script>|<style|style=|\son[a-z]+=/)
})

test('console: the player is not in the script that every visitor loads', async () => {
  const files = await bundleConsole()
  const app = [...files].find(([name]) => name.startsWith('app-'))
  assert.ok(app && app[1].body.length < 64 * 1024, `${app?.[1].body.length} bytes`)
  assert.ok([...files.keys()].some((name) => name.startsWith('hls-')))
})

test('console: bundling again gives the same names', async () => {
  assert.deepEqual([...(await bundleConsole()).keys()], [...(await bundleConsole()).keys()])
})
