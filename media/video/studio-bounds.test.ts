/** What the machine does not have: disk and memory. A disk of a few megabytes is one of memory, in a namespace of its own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../../domain/limits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import type { VideoPlan } from '../../domain/plans.ts'
import { little, makeClip, must, processesIn, studioIn } from './fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'video-bounds-'))
const scratch = join(folder, 'scratch')
mkdirSync(scratch)
after(() => rmSync(folder, { recursive: true, force: true }))

const source = makeClip(folder, 'film.mp4', { size: '480x360', rate: '30', seconds: 10 })
const preset = { ...little, video: { ...little.video, rungs: [{ shortSide: 360, crf: 20, maxKbps: 6000 }, ...little.video.rungs] } }
const plan = planVideo((await studioIn(folder).probe(source, 'video/mp4')).probe, preset, { filter: null })

/** Namespaces are Linux's, and not every container may make them. */
const enter = ['unshare', '--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])]
const canMount = process.platform === 'linux' && mountsIn([]).status === 0
const skip = canMount || process.env['DARKROOM_REQUIRE_ALL'] === '1' ? false : 'file systems cannot be mounted here'

/** Runs a command where the scratch folder is a disk of `bytes`. */
function mountsIn(command: readonly string[], bytes = 1024 ** 2) {
  const [program = '', ...args] = enter
  const script = `mount -t tmpfs -o size=${bytes} tmpfs "$0" && "$@"`
  const run = command.length > 0 ? command : ['true']
  return spawnSync(program, [...args, 'sh', '-c', script, scratch, ...run], { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 })
}

interface Told {
  /** Of the largest chunk, all its rungs. */
  readonly bytesMax: number
  readonly code: string | null
  /** What lay in the scratch folder in the end. */
  readonly left: readonly string[]
}

/** Encodes all chunks of a plan one after another, and the sound beside them, where scratch has so many bytes. */
function encodeWithin(bytes: number, all: VideoPlan): Told {
  const program = `
    import { readdirSync } from 'node:fs'
    import { createVideoStudio } from ${JSON.stringify(import.meta.resolve('./studio.ts'))}
    import { limits } from ${JSON.stringify(import.meta.resolve('../../domain/limits.ts'))}
    const scratch = ${JSON.stringify(scratch)}
    const source = ${JSON.stringify(source)}
    const plan = ${JSON.stringify(all)}
    const studio = createVideoStudio({ ffmpeg: 'ffmpeg', ffprobe: 'ffprobe', scratch, limits })
    let [bytesMax, code] = [0, null]
    const sizeOf = ({ segments }) => segments.reduce((sum, { data }) => sum + data.byteLength, 0)
    const chunks = async () => {
      for (const chunk of plan.chunks) {
        const rungs = await studio.encodeChunk(source, plan, chunk, {})
        bytesMax = Math.max(bytesMax, rungs.reduce((sum, rung) => sum + sizeOf(rung), 0))
      }
    }
    for (const { reason } of await Promise.allSettled([chunks(), studio.encodeAudio(source, plan, {})]))
      if (reason) code = reason.code ?? String(reason)
    console.log(JSON.stringify({ bytesMax, code, left: readdirSync(scratch) }))`
  const { stdout, stderr } = mountsIn([process.execPath, '--input-type=module-typescript', '--no-warnings', '-e', program], bytes)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as Told
}

test('studio: a film of any length is encoded on a disk with room for two chunks', { skip }, () => {
  assert.ok(plan.chunks.length >= 5)
  const roomy = encodeWithin(256 * 1024 ** 2, plan)
  assert.deepEqual([roomy.code, roomy.left], [null, []])
  const tight = encodeWithin(2 * roomy.bytesMax, plan)
  assert.deepEqual([tight.code, tight.left], [null, []])
})

test('studio: a full disk is the storage being full, to be tried again elsewhere, and nothing is left on it', { skip }, () => {
  const { code, left } = encodeWithin(64 * 1024, plan)
  assert.deepEqual([code, left], ['STORAGE_FULL', []])
})

/** Address space with which ffmpeg begins at all: its libraries take hundreds of megabytes of it. */
function leastToBegin(): number {
  for (let bytes = 64 * 1024 ** 2; ; bytes += 16 * 1024 ** 2)
    if (spawnSync('prlimit', [`--as=${bytes}`, 'ffmpeg', '-version']).status === 0) return bytes
}

test('studio: an encoder that is not given the memory it wants ends as too costly, and no file of it stays', {
  skip: spawnSync('prlimit', ['--version']).status === 0 ? false : 'prlimit is missing',
}, async () => {
  // What the program itself needs is there, what its pictures need is not.
  const poor = studioIn(folder, { limits: { ...limits, videoChildAddressBytesMax: leastToBegin() + 16 * 1024 ** 2 } })
  await assert.rejects(poor.encodeChunk(source, plan, must(plan.chunks[0]), {}), { code: 'MEDIA_TOO_COSTLY' })
  assert.deepEqual(processesIn(scratch), [])
  assert.deepEqual(readdirSync(scratch), [])
})
