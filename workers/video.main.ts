/** The video worker process: encodes chunks with ffmpeg. VIDEO_SLOTS, FFMPEG, FFPROBE. */
import { openBlobStore } from './blobs.ts'
import { sourcesHash } from './bundle.ts'
import { openProcess, openWorkerConnection } from './process.ts'
import { mediaPrograms } from './programs.ts'
import { openImageStudio, startVideoWorker, workerSeat } from './render-part.ts'
import { runMain } from './run-main.ts'

await runMain(async (parts, end) => {
  const core = await openProcess(process.env, 'video', parts)
  const connection = await openWorkerConnection(core, parts)
  const blobs = await openBlobStore(core, parts)
  const programs = mediaPrograms(process.env)
  // Posters are small and rare: one decoder is enough.
  const images = openImageStudio(core.config, 1, programs.ffmpeg, parts)
  const buildId = core.config.buildId ?? (await sourcesHash())
  const seat = workerSeat(core, connection, buildId, (error) => end({ error }))
  parts.add(await startVideoWorker(core, seat, blobs, images, programs))
  core.logger.info('working', { role: 'video', buildId, slots: core.config.slots.video })
})
