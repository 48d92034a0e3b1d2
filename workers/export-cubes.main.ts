/**
 * Writes every filter as .cube files, which video editors and grading tools read: `npm run export-cubes -- FOLDER`.
 * They hold the very values that photos and videos are given.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cubesOf, filters, lutOf } from '../media/filters/index.ts'
import { runMain } from './run-main.ts'
import { SettingError } from './settings.ts'

await runMain(async (_parts, end) => {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) throw new SettingError('Name the folder that the files go to: npm run export-cubes -- FOLDER')
  await mkdir(folder, { recursive: true })
  let files = 0
  for (const filter of filters) {
    const { centre, corners } = cubesOf(lutOf(filter), filter.title)
    const texts = { [`${filter.name}.cube`]: centre, ...(corners === undefined ? {} : { [`${filter.name}.corners.cube`]: corners }) }
    for (const [name, text] of Object.entries(texts)) {
      await writeFile(join(folder, name), text)
      files += 1
    }
  }
  process.stdout.write(
    `${files} files of ${filters.length} filters. Where there is NAME.corners.cube, mix it in by the squared distance from the centre: none there, all of it in the corners.\n`,
  )
  end(0)
})
