import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export interface Source {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

const textual = /\.(ts|mjs|js|json|md|sql|vcl|css|html|ya?ml|sh|toml|xml|mod)$|(^|\/)(Dockerfile|run|LICENSE)$/

/** Every text file git knows or would know: tracked, or new and not ignored. */
export function sources(): Source[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
  return [...new Set(listed.split('\0'))]
    .filter((path) => textual.test(path) && path !== 'package-lock.json' && statSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

export interface Import {
  readonly specifier: string
  readonly way: 'value' | 'type'
}

/** The static and dynamic imports of a TypeScript source, `import type` told apart. */
export function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: match[2] ?? '', way: match[1] ? 'type' : 'value' })
  }
  for (const match of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) found.push({ specifier: match[1] ?? '', way: 'value' })
  return found
}
