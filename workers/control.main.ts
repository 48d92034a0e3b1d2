/** The control process: runs workflows and light steps, relays events, finds what was not started. */
import { join } from 'node:path'
import { starterOf } from './api-part.ts'
import { openBlobReader } from './blobs.ts'
import { workflowBundle } from './bundle.ts'
import { startControlWorker, startReconciler, startRelay, startSweep } from './control-part.ts'
import { openTemporal } from './core.ts'
import { makeCurrent } from './deployment.ts'
import { openProcess, openWorkerConnection } from './process.ts'
import { workerSeat } from './render-part.ts'
import { runMain } from './run-main.ts'
import { startVolumesWorker } from './volumes-part.ts'
import { ensureSchedules } from './schedules.ts'

await runMain(async (parts, end) => {
  const core = await openProcess(process.env, 'control', parts)
  const connection = await openWorkerConnection(core, parts)
  const temporal = await openTemporal(core, parts)
  const bundle = await workflowBundle(join(core.config.home, 'bundles'), core.config.buildId)
  const seat = workerSeat(core, connection, bundle.buildId, (error) => end({ error }))
  const blobs = openBlobReader(core, parts)
  parts.add(await startControlWorker(core, seat, bundle, temporal, blobs))
  const care = await startVolumesWorker(core, seat, blobs, parts)
  await makeCurrent(temporal, core.config.temporal.namespace, bundle.buildId)
  await ensureSchedules(temporal, care)
  startRelay(core, parts)
  startReconciler(core, starterOf(core, temporal), temporal, parts)
  startSweep(core, parts)
  core.logger.info('working', { role: 'control', buildId: bundle.buildId })
})
