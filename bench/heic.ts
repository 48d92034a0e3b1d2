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
import { type Picture, pictureFrom } from '../media/image/picture.ts'
import { typeOf } from './images/develop.ts'
import { filesBelow } from './images/files.ts'
import { type Pixels, psnr } from './images/metrics.ts'
import type { Bench } from './types.ts'

const DB_GOAL = 48
const REFUSED_MAX = 1 / 8
/** Smaller pictures say little about colours, and their edges much. */
const COMPARED_SIDE_MIN = 256
const VIPS_MS_MAX = 60_000

/** Why a file is no valid HEIC, in few words: what is told of all files of a kind at once. */
type Kind = 'coded otherwise' | 'damaged, to the native decoder too'

/**
 * Every HEIC of a folder, and its pixels against the system's own libvips where there is one that decodes HEVC. A HEIC is a still
 * coded in HEVC, valid where we or the native decoder open it: folders of fuzzers hold mostly others, which are counted and not judged.
 */
export const bench: Bench = {
  name: 'heic',
  claim: 'Valid HEIC files open, in the right colours.',
  goal: `of valid ones at most one in eight is refused, by reason; pixels >= ${DB_GOAL} dB to a native decode that goes by the profile`,
  async run({ tools, args, scratch, say }) {
    const decode = createDecoder(limits)
    const native = tools['vipsthumbnail'] === undefined ? null : join(tools['vipsthumbnail'], '..', 'vips')
    const folders = args.length > 0 ? args : [undefined]
    const others = new Map<Kind, number>()
    let [valid, refused, compared, weakest] = [0, 0, 0, Infinity]
    for (const path of (await Promise.all(folders.map(filesBelow))).flat()) {
      const bytes = await readFile(path)
      if (!isHeic(bytes)) continue
      try {
        const header = examine(bytes, limits)
        const [{ width, height } = { width: 0, height: 0 }] = planImage(header.probe, standard, { filter: null, version: 1 }).renditions
        const ours = await onWhite(await decode(bytes, header, { width, height }))
        valid++
        if (Math.min(width, height) < COMPARED_SIDE_MIN || !native) continue
        const theirs = await nativePixels(native, path, width, height, scratch).catch((error: unknown) => {
          say(`${basename(path)}: the native decoder fails: ${String(error).slice(0, 300)}`)
          return null
        })
        if (!theirs) continue
        const db = psnr(ours, theirs)
        say(`${basename(path)} ${width} x ${height}: ${db.toFixed(1)} dB`)
        weakest = Math.min(weakest, db)
        compared++
      } catch (error) {
        if (!(error instanceof MediaError)) throw error
        const kind = await kindOf(error, native, path, scratch)
        if (kind === null) {
          valid++
          refused++
        } else others.set(kind, (others.get(kind) ?? 0) + 1)
        say(`${basename(path)}: ${kind ?? 'REFUSED'}: ${codeOf(error)}, ${error.message}`)
      }
    }
    if (valid === 0) throw new Error('there is no HEIC in the folder')
    const besides = [...others].map(([kind, count]) => `${count} ${kind}`).join(', ')
    say(
      `${valid} valid HEIC files, ${refused} refused; besides: ${besides || 'none'}; ${compared} compared, weakest ${weakest.toFixed(1)} dB`,
    )
    return {
      name: 'heic',
      value: Number(weakest.toFixed(1)),
      unit: `dB, weakest of ${compared}; ${refused} of ${valid} valid refused`,
      goal: `>= ${DB_GOAL} dB, at most one in eight refused`,
      peer: compared > 0 ? "the system's libvips with libheif and libde265" : 'none',
      holds: compared > 0 && refused <= valid * REFUSED_MAX && weakest >= DB_GOAL,
    }
  },
}

/** Of a file that we refuse: what else it is than a valid HEIC, or null where the native decoder shows that it is one. */
async function kindOf(error: MediaError, native: string | null, path: string, scratch: string): Promise<Kind | null> {
  const coded = /is coded as "(.{4})"/.exec(error.message)?.[1]
  if (coded !== undefined && coded !== 'hvc1') return 'coded otherwise'
  if (native === null) return null
  const opens = await nativeFile(native, path, scratch).then(
    () => true,
    () => false,
  )
  return opens ? null : 'damaged, to the native decoder too'
}

function isHeic(bytes: Uint8Array): boolean {
  try {
    return typeOf(bytes) === 'image/heic'
  } catch {
    return false
  }
}

/** As it is seen: what is under a transparent pixel is nobody's business. */
async function onWhite({ data, width, height, channels }: Picture): Promise<Pixels> {
  const flat = sharp(data, { raw: { width, height, channels } }).flatten({ background: '#ffffff' })
  return { data: await flat.raw().toBuffer(), width, height, channels: 3 }
}

/** Decoded whole by the native library, its profile applied, as a TIFF. Throws where it cannot, or takes too long. */
async function nativeFile(vips: string, path: string, scratch: string): Promise<string> {
  const [plain, srgb] = [join(scratch, `${basename(path)}.tif`), join(scratch, `${basename(path)}.srgb.tif`)]
  // sharp has set variables for its own libvips, which lead this one astray.
  const options = { timeout: VIPS_MS_MAX, env: { PATH: '/usr/bin:/bin' } }
  const run = promisify(execFile)
  await run(vips, ['copy', path, plain], options)
  const { hasProfile } = await sharp(plain).metadata()
  if (hasProfile) await run(vips, ['icc_transform', plain, srgb, 'srgb', '--embedded'], options)
  return hasProfile ? srgb : plain
}

async function nativePixels(vips: string, path: string, width: number, height: number, scratch: string): Promise<Pixels> {
  const scaled = sharp(await nativeFile(vips, path, scratch)).resize({ width, height, fit: 'fill', kernel: 'lanczos3' })
  // As pixels first, as ours are: what a filter's ringing goes beyond a pixel's alpha is cut off there in both.
  return await onWhite(await pictureFrom(scaled))
}
