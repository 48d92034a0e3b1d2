/**
 * The process that is measured: an image worker's studio, with what its activities do with memory, and nothing of the bench.
 * Clips beside photos are a video worker's. Tells after each item what it was refused with, or null.
 */
import { open } from 'node:fs/promises'
import { forgetFiles } from '../../activities/draft.ts'
import { withOriginal } from '../../activities/original.ts'
import { codeOf } from '../../domain/errors.ts'
import type { MediaId } from '../../domain/ids.ts'
import { limits } from '../../domain/limits.ts'
import type { ObjectStore } from '../../domain/ports.ts'
import { standard } from '../../domain/presets/standard.ts'
import { createImageStudio } from '../../media/image/studio.ts'
import { developBytes } from '../images/develop.ts'
import { forEach } from '../images/files.ts'
import type { BenchContext } from '../types.ts'

export interface Task extends Pick<BenchContext, 'tools'> {
  readonly slots: number
  readonly count: number
  readonly paths: readonly string[]
}

const { slots, count, paths, tools } = JSON.parse(process.argv[2] ?? '') as Task
const images = createImageStudio({ slots, limits, ffmpeg: tools['ffmpeg'] ?? 'ffmpeg' })
process.on('disconnect', () => process.exit())
// Which of them an item is of is all that its id says.
const objects: Pick<ObjectStore, 'get'> = { get: async (key) => await objectAt(paths[Number(key.split('/').at(-1))] ?? '') }
await forEach(Array.from({ length: count }), slots, async (_, index) => {
  const id = `${index % paths.length}` as MediaId
  const code = await withOriginal(objects as ObjectStore, id, async (original) => {
    forgetFiles(await developBytes(images, original, standard))
    return null
  }).catch(codeOf)
  process.send?.(code)
})
await images.close()
process.disconnect()

/** A file as an object that is read at once into room that is there. */
async function objectAt(path: string): ReturnType<ObjectStore['get']> {
  const file = await open(path)
  const { size } = await file.stat()
  return {
    bytes: size,
    body: (async function* () {})(),
    async fill(whole) {
      for (let at = 0; at < size; ) at += (await file.read(whole, at, size - at, at)).bytesRead
      await file.close()
    },
  }
}
