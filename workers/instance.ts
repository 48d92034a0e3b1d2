import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Item } from '../api/item.ts'
import type { CloudEvent } from '../domain/events.ts'

/** Where a running pipeline answers. */
export interface Instance {
  readonly api: string
  readonly origin: string
  /** With the development key behind the `#`, which browsers do not send. */
  readonly console: string
  readonly temporalUi: string | null
  readonly apiKey: string
  readonly kafka: readonly string[]
  readonly topic: string
  /** The edge that browsers are sent to, where there is one. */
  readonly edge?: string
}

/** An item as the demo tells of it: with the event that announced it. */
export interface ShownItem extends Item {
  readonly event?: CloudEvent
}

/** The one JSON document of `--json`. */
export function documentOf(instance: Instance, media: readonly ShownItem[]): string {
  return `${JSON.stringify({ ...instance, media })}\n`
}

/** Lets other commands (`npm run events`) find the running instance of a data folder. Holds no key. */
export async function announceInstance(home: string, instance: Instance): Promise<() => Promise<void>> {
  const path = join(home, 'run', 'instance.json')
  const { apiKey: _, console: __, ...open } = instance
  await mkdir(join(home, 'run'), { recursive: true })
  await writeFile(`${path}.new`, `${JSON.stringify(open, null, 2)}\n`)
  await rename(`${path}.new`, path)
  return async () => await rm(path, { force: true })
}
