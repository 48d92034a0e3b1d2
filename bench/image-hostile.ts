import { readFile } from 'node:fs/promises'
import { codeOf, errorTable, MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import { standard } from '../domain/presets/standard.ts'
import { heif } from '../media/image/specimens-heif.ts'
import { createImageStudio } from '../media/image/studio.ts'
import { filesBelow, forEach, residentBytes } from './images/files.ts'
import { developWhole, openVideos } from './images/motion.ts'
import type { Bench } from './types.ts'

const SLOTS = 2
const CLAIMS = 'an AVIF of 80 megapixels, made here'
const LOOK_MS = 20
/** From bytes to refusal, where the header tells of too many pixels. */
const REFUSAL_MS_MAX = 50
/** Between two looks of the pool a decoder may take this much beyond its limit. */
const BETWEEN_LOOKS_BYTES = 128 * 1024 ** 2

/** Whatever the bytes are: renditions, or a refusal that is final and that a person can read. */
export const bench: Bench = {
  name: 'image-hostile',
  claim: 'Every file of a FOLDER of damaged and hostile pictures and animations ends in renditions or in a typed, final refusal.',
  goal: `no file without such an end, no decoder lost, none above its memory limit; too many pixels are refused within ${REFUSAL_MS_MAX} ms`,
  async run({ args, tools, scratch, say }) {
    const paths = await filesBelow(args[0])
    const studio = createImageStudio({ slots: SLOTS, limits, ffmpeg: tools['ffmpeg'] ?? 'ffmpeg' })
    const studios = { images: studio, videos: openVideos({ tools, scratch }), scratch }
    const outcomes = new Map<string, number>()
    const wrong: string[] = []
    let mostBytes = 0
    let slowestMs = 0
    let slowestRefusalMs = 0
    const looking = setInterval(() => {
      for (const pid of studio.pids())
        void residentBytes(pid, 'VmHWM').then((bytes) => {
          mostBytes = Math.max(mostBytes, bytes)
        })
    }, LOOK_MS)
    const started = performance.now()
    try {
      // The kind that costs gigabytes: some hundred bytes that say 80 megapixels.
      const claims = heif({ codec: 'av01', brand: 'avif', width: 10_000, height: 8_000 })
      await forEach([...paths, CLAIMS], SLOTS, async (path) => {
        const bytes = path === CLAIMS ? claims : await readFile(path)
        const from = performance.now()
        let outcome = 'ready'
        try {
          await developWhole(studios, bytes, standard)
        } catch (error) {
          outcome = codeOf(error)
          // Retried for ever, or a bug of ours: neither is an end.
          if (!(error instanceof MediaError) || errorTable[error.code].retry) wrong.push(`${path}: ${String(error)}`)
        }
        const ms = performance.now() - from
        if (outcome === 'MEDIA_TOO_MANY_PIXELS') slowestRefusalMs = Math.max(slowestRefusalMs, ms)
        slowestMs = Math.max(slowestMs, ms)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      })
    } finally {
      clearInterval(looking)
      await studio.close()
    }
    for (const [outcome, count] of [...outcomes].toSorted((a, b) => b[1] - a[1])) say(`${String(count).padStart(6)} ${outcome}`)
    for (const line of wrong.slice(0, 20)) say(`without an end: ${line}`)
    say(`${((performance.now() - started) / 1000).toFixed(0)} s in all; slowest file ${slowestMs.toFixed(0)} ms`)
    say(`slowest refusal for its pixels ${slowestRefusalMs.toFixed(1)} ms`)
    say(`a decoder's peak: ${(mostBytes / 1024 ** 2).toFixed(0)} MiB of ${(limits.imageChildRssBytesMax / 1024 ** 2).toFixed(0)}`)
    return {
      name: 'image-hostile',
      value: wrong.length,
      unit: `files of ${paths.length} without a typed, final end`,
      goal: '0',
      peer: `peak of a decoder ${(mostBytes / 1024 ** 2).toFixed(0)} MiB, slowest refusal for pixels ${slowestRefusalMs.toFixed(0)} ms`,
      holds:
        wrong.length === 0 &&
        slowestRefusalMs > 0 &&
        slowestRefusalMs <= REFUSAL_MS_MAX &&
        mostBytes <= limits.imageChildRssBytesMax + BETWEEN_LOOKS_BYTES,
    }
  },
}
