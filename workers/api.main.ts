/** The API process: uploads, items, console. API_HOST, API_PORT. */
import { startApi, starterOf } from './api-part.ts'
import { openTemporal } from './core.ts'
import { openProcess } from './process.ts'
import { runMain } from './run-main.ts'
import { text, whole } from './settings.ts'

await runMain(async (parts) => {
  const core = await openProcess(process.env, 'api', parts)
  const temporal = await openTemporal(core, parts)
  const starter = starterOf(core, temporal)
  const address = {
    host: text(process.env, 'API_HOST', '127.0.0.1'),
    port: whole(process.env, 'API_PORT', { min: 0, max: 65_535, fallback: 4100 }),
  }
  const { port } = parts.add(await startApi(core, starter, temporal, address))
  core.logger.info('listening', { role: 'api', port })
})
