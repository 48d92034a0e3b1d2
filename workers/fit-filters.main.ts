/**
 * Fits every filter of a folder anew and writes one file of coefficients each:
 * `npm run fit-filters -- FOLDER [OUT]`. The folder's layout: `original/PHOTO.jpg`, `instagram/PHOTO-FILTER.jpg`.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fitFilter } from '../media/filters/fit/choose.ts'
import { filtersIn, pairsOf } from '../media/filters/fit/pairs.ts'
import { sourceText } from '../media/filters/fit/source-text.ts'

const [folder, out = join(import.meta.dirname, '../media/filters/classic')] = process.argv.slice(2)
if (folder === undefined) throw new Error('Name the folder with original/ and instagram/.')
await mkdir(out, { recursive: true })
const differences: number[] = []
for (const [name, photos] of await filtersIn(folder)) {
  const { leftOut, ...formula } = fitFilter(await pairsOf(folder, name, photos))
  const title = name === 'xpro2' ? 'X-Pro II' : `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  await writeFile(join(out, `${name}.ts`), sourceText({ name, title, ...formula }))
  differences.push(leftOut)
  process.stdout.write(`${name.padEnd(12)} dE76 ${leftOut.toFixed(2)} on photos left out${formula.radial ? ', with a radial term' : ''}\n`)
}
const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length
process.stdout.write(`mean dE76 ${mean.toFixed(3)} over ${differences.length} filters\n`)
