import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { codeOf, MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import { planImage } from '../domain/plan-image.ts'
import { standard } from '../domain/presets/standard.ts'
import { createDecoder } from '../media/image/decode.ts'
import { examine } from '../media/image/examine.ts'
import { typeOf } from './images/develop.ts'
import { filesBelow } from './images/files.ts'
import { type Pixels, psnr } from './images/metrics.ts'
import type { Bench, BenchContext } from './types.ts'

const DB_GOAL = 48
const REFUSED_MAX = 1 / 8
/** Smaller pictures say little about colours, and their edges much. */
const COMPARED_SIDE_MIN = 256
const VIPS_MS_MAX = 60_000

/** Every HEIC of a folder, and its pixels against the system's own libvips where there is one that decodes HEVC. */
export const bench: Bench = {
  name: 'heic',
  claim: 'Valid HEIC files open, in the right colours.',
  goal: `at most one in eight is refused, by reason; pixels >= ${DB_GOAL} dB to a native decode that goes by the profile`,
  async run({ tools, args, scratch, say }) {
    const decode = createDecoder(limits)
    const native = tools['vipsthumbnail'] === undefined ? null : join(tools['vipsthumbnail'], '..', 'vips')
    let [files, refused, compared, weakest] = [0, 0, 0, Infinity]
    for (const path of await filesBelow(args[0])) {
      const bytes = await readFile(path)
      if (!isHeic(bytes)) continue
      files++
      try {
        const header = examine(bytes, limits)
        const [{ width, height } = { width: 0, height: 0 }] = planImage(header.probe, standard, { filter: null, version: 1 }).renditions
        const ours = await decode(bytes, header, { width, height })
        const theirs =
          Math.min(width, height) >= COMPARED_SIDE_MIN && native ? await nativePixels(native, path, width, height, { scratch, say }) : null
        if (!theirs) continue
        const db = psnr(ours, theirs)
        say(`${basename(path)} ${width} x ${height}: ${db.toFixed(1)} dB`)
        weakest = Math.min(weakest, db)
        compared++
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        refused++
        say(`${basename(path)}: ${codeOf(error)}, ${error.message}`)
      }
    }
    if (files === 0) throw new Error('there is no HEIC in the folder')
    say(`${files} HEIC files, ${refused} refused; ${compared} compared, weakest ${weakest.toFixed(1)} dB`)
    return {
      name: 'heic',
      value: Number(weakest.toFixed(1)),
      unit: `dB, weakest of ${compared}; ${refused} of ${files} refused`,
      goal: `>= ${DB_GOAL} dB, at most one in eight refused`,
      peer: compared > 0 ? "the system's libvips with libheif and libde265" : 'none',
      holds: compared > 0 && refused <= files * REFUSED_MAX && weakest >= DB_GOAL,
    }
  },
}

function isHeic(bytes: Uint8Array): boolean {
  try {
    return typeOf(bytes) === 'image/heic'
  } catch {
    return false
  }
}

/** Decoded whole by the native library, its profile applied, then scaled; null where it cannot. */
async function nativePixels(
  vips: string,
  path: string,
  width: number,
  height: number,
  { scratch, say }: Pick<BenchContext, 'scratch' | 'say'>,
): Promise<Pixels | null> {
  const [plain, srgb] = [join(scratch, `${basename(path)}.tif`), join(scratch, `${basename(path)}.srgb.tif`)]
  // sharp has set variables for its own libvips, which lead this one astray.
  const options = { timeout: VIPS_MS_MAX, env: { PATH: '/usr/bin:/bin' } }
  const run = promisify(execFile)
  try {
    await run(vips, ['copy', path, plain], options)
    const { hasProfile } = await sharp(plain).metadata()
    if (hasProfile) await run(vips, ['icc_transform', plain, srgb, 'srgb', '--embedded'], options)
    const scaled = sharp(hasProfile ? srgb : plain).resize({ width, height, fit: 'fill', kernel: 'lanczos3' })
    const { data, info } = await scaled.removeAlpha().raw().toBuffer({ resolveWithObject: true })
    return { data, width: info.width, height: info.height, channels: info.channels }
  } catch (error) {
    say(`${basename(path)}: the native decoder fails: ${String(error).slice(0, 300)}`)
    return null
  }
}
