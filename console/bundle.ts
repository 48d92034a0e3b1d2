import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'

/** One file of the console in memory; the API serves it as it is. */
export interface BundledFile {
  readonly body: Uint8Array
  readonly type: string
  readonly etag: string
  readonly immutable: boolean
}

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  html: 'text/html; charset=utf-8',
}
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/**
 * Bundles the console in memory: `index.html` and, by names that hold a hash of their content, its
 * scripts, style and icon. The player is a chunk of its own, loaded with the first video.
 */
export async function bundleConsole(): Promise<ReadonlyMap<string, BundledFile>> {
  const files = new Map<string, BundledFile>()
  const names = new Map<string, string>()
  const result = await build({
    entryPoints: [here('app.ts'), here('style.css'), here('icon.svg')],
    outdir: here('.'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    bundle: true,
    format: 'esm',
    splitting: true,
    minify: true,
    legalComments: 'eof',
    target: 'es2022',
    tsconfig: here('tsconfig.json'),
    write: false,
    logLevel: 'silent',
  })
  // The bundler is a process of its own; nothing needs it any more.
  await stop()
  for (const output of result.outputFiles) {
    const name = output.path.slice(output.path.lastIndexOf('/') + 1)
    files.set(name, fileOf(name, output.contents, true))
    names.set(name.replace(/-[A-Z0-9]{8}\./, '.'), name)
  }
  const page = (await readFile(here('index.html'), 'utf8')).replace(/\{\{(.+?)\}\}/g, (_all, name: string) => {
    const hashed = names.get(name)
    if (hashed === undefined) throw new Error(`index.html names ${name}, which is not bundled`)
    return hashed
  })
  files.set('index.html', fileOf('index.html', Buffer.from(page), false))
  return files
}

function fileOf(name: string, body: Uint8Array, immutable: boolean): BundledFile {
  const type = types[name.slice(name.lastIndexOf('.') + 1)]
  if (type === undefined) throw new Error(`no media type for ${name}`)
  return { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`, immutable }
}
