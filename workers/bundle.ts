import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..')

export interface WorkflowBundle {
  readonly code: string
  /** Of the worker deployment's version: as set, or else what changes exactly when the workflows or the SDK change. */
  readonly buildId: string
}

/**
 * The workflows bundled for Temporal's sandbox, taken from `folder` when the same sources were bundled
 * before: a bundle takes seconds, a look takes milliseconds.
 */
export async function workflowBundle(folder: string, givenId: string | null = null): Promise<WorkflowBundle> {
  const hash = await sourcesHash()
  const buildId = givenId ?? hash
  const path = join(folder, `workflows-${hash}.js`)
  const cached = await readFile(path, 'utf8').catch(() => null)
  if (cached !== null) return { code: cached, buildId }
  await mkdir(folder, { recursive: true })
  const made = `${path}.${process.pid}`
  await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'make-bundle.main.ts'), made], { cwd: root })
  await rename(made, path)
  return { code: await readFile(path, 'utf8'), buildId }
}

/** Sixteen hex digits over everything that goes into a bundle: workflows, domain, the SDK's version. */
export async function sourcesHash(): Promise<string> {
  const hash = createHash('sha256')
  hash.update(sdkVersion())
  for (const folder of ['workflows', 'domain']) {
    const names = (await readdir(join(root, folder), { recursive: true })).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    )
    for (const name of names.toSorted()) hash.update(name).update(await readFile(join(root, folder, name)))
  }
  return hash.digest('hex').slice(0, 16)
}

/** The bundle holds the SDK's own code too. */
function sdkVersion(): string {
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as { version: string }
  return version
}
