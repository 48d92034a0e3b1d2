/** The video worker process: encodes chunks with ffmpeg. VIDEO_SLOTS, FFMPEG, FFPROBE. */
import { parseTools } from '../infra/engines/tools.ts'
import { openBlobStore } from './blobs.ts'
import { sourcesHash } from './bundle.ts'
import { openProcess, openWorkerConnection } from './process.ts'
import { openImageStudio, startVideoWorker, workerSeat } from './render-part.ts'
import { runMain } from './run-main.ts'
import { text } from './settings.ts'

await runMain(async (parts, end) => {
  const core = await openProcess(process.env, 'video', parts)
  const connection = await openWorkerConnection(core, parts)
  const blobs = await openBlobStore(core, parts)
  // Posters are small and rare: one decoder is enough.
  const images = openImageStudio(core.config, 1, parts)
  const buildId = core.config.buildId ?? (await sourcesHash())
  const seat = workerSeat(core, connection, buildId, (error) => end({ error }))
  const tools = parseTools(process.env['DARKROOM_TOOLS'])
  const programs = {
    ffmpeg: text(process.env, 'FFMPEG', tools.ffmpeg ?? 'ffmpeg'),
    ffprobe: text(process.env, 'FFPROBE', tools.ffprobe ?? 'ffprobe'),
  }
  parts.add(await startVideoWorker(core, seat, blobs, images, programs))
  core.logger.info('working', { role: 'video', buildId, slots: core.config.slots.video })
})
