/** One side of the comparison, in a process of its own: gets paths of photos, makes their ladders, answers with its CPU time. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { presetNamed } from '../../domain/presets/index.ts'
import { createImageStudio } from '../../media/image/studio.ts'
import { childCpuMs } from '../child-cpu.ts'

export interface SideResult {
  readonly cpuMs: number
  /** Of all outputs. */
  readonly bytes: number
}

interface Side {
  ladder(path: string): Promise<number>
  /** Processes beside this one whose time counts too. */
  pids(): readonly number[]
}

/** Everything that the studio does for an item: header, transfer to the child, ladder, blurhash, private facts. */
function ours(): Side {
  const studio = createImageStudio({ slots: 1, limits })
  return {
    async ladder(path) {
      const photo = await readFile(path)
      const plan = planImage(await studio.probe(photo, 'image/jpeg'), preset, { filter: null, version: 1 })
      const { files } = await studio.develop(photo, plan, {})
      return files.reduce((sum, { data }) => sum + data.length, 0)
    },
    pids: () => studio.pids(),
  }
}

/** The documentation's way, with what differs in looks only made equal: quality and progressive JPEG. */
function sharpPerOutput(): Side {
  return {
    async ladder(path) {
      const photo = await readFile(path)
      let bytes = 0
      for (const width of preset.image.widths)
        for (const { format, quality } of preset.image.formats) {
          const resized = sharp(photo).rotate().resize(width, undefined, { withoutEnlargement: true })
          const output = format === 'jpeg' ? resized.jpeg({ quality, progressive: true }) : resized.toFormat(format, { quality })
          bytes += (await output.toBuffer()).length
        }
      return bytes
    },
    pids: () => [],
  }
}

/** The command line's way: a process for each output, without metadata; quality and progressive JPEG made equal. It only makes pictures smaller, as ours. */
function vipsthumbnail(program: string): Side {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-thumbnails-'))
  process.on('exit', () => rmSync(folder, { recursive: true }))
  return {
    async ladder(path) {
      let bytes = 0
      for (const width of preset.image.widths)
        for (const { format, quality } of preset.image.formats) {
          if (format !== 'jpeg') throw new Error(`${format} is not compared`)
          const out = join(folder, `w${width}.jpg`)
          await promisify(execFile)(program, [path, '--size', `${width}x>`, '-o', `${out}[Q=${quality},interlace,strip]`])
          bytes += statSync(out).size
        }
      return bytes
    },
    pids: () => [],
  }
}

const [name, presetName = '', format = '', program = ''] = process.argv.slice(2)
const named = presetNamed(presetName)
const preset =
  format === '' ? named : { ...named, image: { ...named.image, formats: named.image.formats.filter((one) => one.format === format) } }
const side = name === 'ours' ? ours() : name === 'sharp' ? sharpPerOutput() : vipsthumbnail(program)
process.on('disconnect', () => process.exit())
process.on('message', (paths) => void answer(paths as string[]))

async function answer(paths: readonly string[]): Promise<void> {
  // Children that live already; the warm-up round starts them.
  const before = await cpuMs()
  let bytes = 0
  for (const path of paths) bytes += await side.ladder(path)
  // A decoding child may still be tidying up after its last answer.
  await sleep(100)
  process.send?.({ cpuMs: (await cpuMs()) - before, bytes } satisfies SideResult)
}

async function cpuMs(): Promise<number> {
  const { user, system } = process.cpuUsage()
  const others = await Promise.all(side.pids().map(cpuMsOf))
  return (user + system) / 1_000 + (await childCpuMs()) + others.reduce((sum, ms) => sum + ms, 0)
}

/** utime and stime of proc_pid_stat(5), in hundredths of a second on every Linux. */
async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
