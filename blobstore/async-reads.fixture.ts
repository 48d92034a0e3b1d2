import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** For tests of what only Linux has, on these processors. */
export const asyncOnly = {
  skip:
    process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) ? false : 'only Linux on x64 and arm64 has asynchronous reads',
}

/** A file of these bytes, open until the test ends. */
export async function fileOf(context: TestContext, bytes: Uint8Array): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-reads-'))
  const file = await open(join(folder, 'file'), 'wx+')
  await file.write(bytes)
  context.after(async () => {
    await file.close()
    await rm(folder, { recursive: true })
  })
  return file.fd
}
