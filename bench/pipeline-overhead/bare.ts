/** The peer: gets paths of photos, calls the developer's function on each in this very process, answers with its CPU time. */
import { readFile } from 'node:fs/promises'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { presetNamed } from '../../domain/presets/index.ts'
import { createDeveloper } from '../../media/image/develop.ts'
import { readHeader } from '../../media/image/header.ts'

const preset = presetNamed(process.argv[2] ?? '')
const develop = createDeveloper(limits)
process.on('disconnect', () => process.exit())
process.on('message', (paths) => void answer(paths as string[]))

async function answer(paths: readonly string[]): Promise<void> {
  const photos = await Promise.all(paths.map(async (path) => await readFile(path)))
  const before = process.cpuUsage()
  for (const photo of photos) {
    const { probe } = readHeader(photo, 'image/jpeg')
    await develop(photo, planImage(probe, preset, { filter: null, version: 1 }), () => {})
  }
  const { user, system } = process.cpuUsage(before)
  process.send?.((user + system) / 1_000)
}
