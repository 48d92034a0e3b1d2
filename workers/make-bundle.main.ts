/**
 * Bundles the workflows for Temporal's sandbox into a file: `node workers/make-bundle.main.ts OUT`. A program of its own,
 * since what bundles stays in the memory of the process that it ran in, to be looked through by each collection.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'

const [out] = process.argv.slice(2)
if (out === undefined) throw new Error('Name the file to write.')
const logger = new DefaultLogger('WARN')
const { code } = await bundleWorkflowCode({ workflowsPath: join(import.meta.dirname, '../workflows/index.ts'), logger })
await writeFile(out, code)
