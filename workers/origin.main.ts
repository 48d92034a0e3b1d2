/** The origin process: immutable files for edges. ORIGIN_HOST, ORIGIN_PORT, VARIANT_SIZES, VARIANT_SECRETS. */
import { openBlobReader } from './blobs.ts'
import { startOrigin } from './origin-part.ts'
import { lazyTemporal } from './core.ts'
import { openProcess } from './process.ts'
import { runMain } from './run-main.ts'
import { text, whole } from './settings.ts'

await runMain(async (parts) => {
  const core = await openProcess(process.env, 'origin', parts)
  const address = {
    host: text(process.env, 'ORIGIN_HOST', '127.0.0.1'),
    port: whole(process.env, 'ORIGIN_PORT', { min: 0, max: 65_535, fallback: 4101 }),
  }
  const { port } = parts.add(await startOrigin(core, openBlobReader(core, parts), lazyTemporal(core, parts), address))
  core.logger.info('listening', { role: 'origin', port })
})
