/** The image worker process: decodes and renders pictures in killable children. IMAGE_SLOTS, FFMPEG. */
import { openBlobStore } from './blobs.ts'
import { sourcesHash } from './bundle.ts'
import { openProcess, openWorkerConnection } from './process.ts'
import { mediaPrograms } from './programs.ts'
import { openImageStudio, startImageWorker, workerSeat } from './render-part.ts'
import { runMain } from './run-main.ts'

await runMain(async (parts, end) => {
  const core = await openProcess(process.env, 'image', parts)
  const connection = await openWorkerConnection(core, parts)
  const blobs = await openBlobStore(core, parts)
  const images = openImageStudio(core.config, core.config.slots.image, mediaPrograms(process.env).ffmpeg, parts)
  const buildId = core.config.buildId ?? (await sourcesHash())
  const seat = workerSeat(core, connection, buildId, (error) => end({ error }))
  parts.add(await startImageWorker(core, seat, blobs, images))
  core.logger.info('working', { role: 'image', buildId, slots: core.config.slots.image })
})
