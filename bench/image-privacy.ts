import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../domain/limits.ts'
import { standard } from '../domain/presets/standard.ts'
import { displayP3 } from '../media/image/display-p3.ts'
import { gainMapIn } from '../media/image/gain-map.ts'
import { withGainMap } from '../media/image/gain-map-jpeg.ts'
import { createImageStudio } from '../media/image/studio.ts'
import { filesBelow, forEach } from './images/files.ts'
import { developWhole, openVideos } from './images/motion.ts'
import type { Bench } from './types.ts'

const OUTPUT_BYTES_MAX = 1024 ** 3
const FILES_AT_ONCE = 400
/** Groups of exiftool that belong to metadata; what is left over is read off the picture's own header. */
const GROUPS = [
  'EXIF',
  'GPS',
  'XMP',
  'IPTC',
  'MakerNotes',
  'Photoshop',
  'ICC_Profile',
  'JUMBF',
  'MPF',
  'FlashPix',
  'PhotoMechanic',
  'Trailer',
  'Keys',
  'ItemList',
  'UserData',
  'AudioKeys',
]
const CONTAINERS = [
  'Exif\0\0',
  'http://ns.adobe.com',
  'xmpmeta',
  'ICC_PROFILE',
  'Photoshop 3.0',
  '8BIM',
  'MPF\0',
  'jumb',
  'EXIF',
  'XMP ',
  'ICCP',
  'urn:mpeg',
]
/** What a gain map is made of: numbers and lengths, nothing of the source's. */
const GAIN_MAP_GROUPS = /^(XMP-hdrgm|XMP-G?Container|MPF\d|MPImage\d):/
const channel = { min: 0, max: 1, gamma: 1, baseOffset: 0, fullOffset: 0 }
const EMPTY = Buffer.of(0xff, 0xd8, 0xff, 0xd9)
/** All that is written beside a gain map, whatever the source. A word of the source that is among it is ours as well (`image/jpeg`). */
const GAIN_MAP_WORDS = withGainMap(EMPTY, EMPTY, { baseHeadroom: 0, fullHeadroom: 1, channels: [channel, channel, channel] })
/** The profile of what sRGB cannot show is ours, the same bytes in every file. */
const P3 = displayP3()
/** Shorter words turn up in compressed pixels by chance. */
const CANARY_LENGTH_MIN = 7

type Tags = Readonly<Record<string, unknown>>

/** exiftool and a search for the source's own words: two ways that share nothing with the code that strips. */
export const bench: Bench = {
  name: 'image-privacy',
  claim:
    'No rendition of any place-bearing picture of a FOLDER, what moves of it included, holds a byte of metadata; the numbers of a gain map and our own P3 profile are none.',
  goal: '0 finds by exiftool and by a search for the words of the source',
  async run({ tools, args, scratch, say }) {
    const exiftool = tools['exiftool'] ?? 'exiftool'
    const sources = await filesBelow(args[0])
    const wanted = ['-GPS:all', '-XMP-exif:GPS*', '-EXIF:all', '-XMP:all', '-IPTC:all', '-MakerNotes:all']
    const bearing = (await tagsOf(exiftool, wanted, sources, say)).filter((tags) =>
      Object.keys(tags).some((key) => /GPS(Latitude|Longitude|Position)$/.test(key)),
    )
    if (bearing.length === 0) throw new Error('no picture of the folder tells its place')
    // What is encoded lies apart from what exiftool is to see.
    const work = join(scratch, 'work')
    const out = join(scratch, 'out')
    await mkdir(work)
    await mkdir(out)
    const studio = createImageStudio({ slots: 2, limits, ffmpeg: tools['ffmpeg'] ?? 'ffmpeg' })
    const studios = { images: studio, videos: openVideos({ tools, scratch: work }), scratch: work }
    const finds: string[] = []
    const wide = new Set<string>()
    let renditions = 0
    let refused = 0
    try {
      await forEach(bearing, 2, async (tags, index) => {
        const source = String(tags['SourceFile'])
        const files = await developWhole(studios, await readFile(source), standard).catch((error: unknown) => {
          say(`${basename(source)}: ${String(error)}`)
          return null
        })
        if (!files) {
          refused++
          return
        }
        const folder = join(out, String(index))
        await mkdir(folder)
        const words = [...CONTAINERS, ...canariesOf(tags)]
        for (const { name, data } of files) {
          renditions++
          const hasGainMap = name.endsWith('.jpg') && gainMapIn(data) !== null
          const isP3 = Buffer.from(data).includes(P3)
          if (isP3) wide.add(join(folder, name))
          const sought = words.filter(
            (candidate) => !(hasGainMap && GAIN_MAP_WORDS.includes(candidate, 0, 'latin1')) && !(isP3 && candidate.startsWith('ICC')),
          )
          const word = sought.find((candidate) => Buffer.from(data).includes(candidate, 0, 'latin1'))
          if (word !== undefined) finds.push(`${basename(source)} ${name}: the word ${JSON.stringify(word)}`)
          await writeFile(join(folder, name), data)
        }
      })
    } finally {
      await studio.close()
    }
    const left = await tagsOf(
      exiftool,
      GROUPS.map((group) => `-${group}:all`),
      await filesBelow(out),
      say,
    )
    for (const tags of left) {
      const isOurP3 = wide.has(String(tags['SourceFile']))
      const keys = Object.keys(tags).filter(
        (key) => key !== 'SourceFile' && !GAIN_MAP_GROUPS.test(key) && !(isOurP3 && key.startsWith('ICC')),
      )
      if (keys.length > 0) finds.push(`${String(tags['SourceFile'])}: ${keys.join(', ')}`)
    }
    for (const find of finds.slice(0, 20)) say(find)
    say(
      `${bearing.length} pictures tell their place; ${refused} of them are refused; ${renditions} renditions, ${left.length} seen by exiftool`,
    )
    return {
      name: 'image-privacy',
      value: finds.length,
      unit: `finds in ${renditions} renditions of ${bearing.length - refused} pictures`,
      goal: '0',
      peer: 'exiftool and a search for the words of the source',
      holds: finds.length === 0 && renditions > 0 && left.length === renditions,
    }
  },
}

/**
 * What exiftool tells of the files. Some hostile ones end it, and with it all that it was to tell of others: those it is asked for
 * apart, and one that ends it by itself is said and passed over, since nobody can say that it tells its place.
 */
async function tagsOf(exiftool: string, wanted: readonly string[], paths: readonly string[], say: (line: string) => void): Promise<Tags[]> {
  if (paths.length > FILES_AT_ONCE) {
    const rest = paths.slice(FILES_AT_ONCE)
    return [...(await tagsOf(exiftool, wanted, paths.slice(0, FILES_AT_ONCE), say)), ...(await tagsOf(exiftool, wanted, rest, say))]
  }
  // It exits with 1 when single files are damaged, and has told of the others all the same.
  const { stdout } = await promisify(execFile)(exiftool, ['-json', '-G1', '-q', '-q', ...wanted, ...paths], {
    maxBuffer: OUTPUT_BYTES_MAX,
  }).catch((error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? '' }))
  try {
    return stdout === '' ? [] : (JSON.parse(stdout) as Tags[])
  } catch {
    const half = paths.length >> 1
    if (half > 0)
      return [...(await tagsOf(exiftool, wanted, paths.slice(0, half), say)), ...(await tagsOf(exiftool, wanted, paths.slice(half), say))]
    say(`${basename(paths[0] ?? '')}: exiftool ends by it`)
    return []
  }
}

/** Texts of the source, long enough to be told from chance. */
function canariesOf(tags: Tags): string[] {
  const texts = Object.entries(tags).flatMap(([key, value]) => (key !== 'SourceFile' && typeof value === 'string' ? [value] : []))
  return [...new Set(texts.filter((text) => text.length >= CANARY_LENGTH_MIN && /^[\x20-\x7e]+$/.test(text)))]
}
