// Temporal's own download of its dev server, for machines without Go. The SDK offers
// it only together with starting the server, so it is started once and ended.
import { readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { SetupFault } from '../fault.mjs'
import { labour } from '../run-tool.mjs'

const program = `
import { TestWorkflowEnvironment } from '@temporalio/testing';
const [version, downloadDir] = process.argv.slice(1);
const server = { executable: { type: 'cached-download', version, downloadDir } };
const environment = await TestWorkflowEnvironment.createLocal({ server });
await environment.teardown();
process.exit(0);
`

export async function sdkDownload(ctx, { tool, version, dir, out }) {
  await labour({
    tool,
    what: `downloading Temporal's dev server ${version} through its SDK`,
    log: ctx.cache.log(tool),
    file: ctx.node,
    args: ['--input-type=module', '-e', program, '--', `v${version}`, dir],
    cwd: ctx.repo,
  })
  const got = readdirSync(dir)
    .map((name) => join(dir, name))
    .find((path) => statSync(path).isFile())
  if (got === undefined) throw new SetupFault('the SDK downloaded nothing')
  renameSync(got, out)
}
