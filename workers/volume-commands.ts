import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { compactVolume } from '../blobstore/compact.ts'
import type { Disk } from '../blobstore/disk.ts'
import { volumePath } from '../blobstore/file-view.ts'
import type { WalkOptions } from '../blobstore/pace.ts'
import { repairVolume } from '../blobstore/repair.ts'
import { type FileScrub, scrubVolume, superblockOf, tombstonesOf, walkVolume } from '../blobstore/scrub.ts'
import { erasedIn } from '../blobstore/tombstone.ts'
import { whileUnwritten } from '../blobstore/volume-lock.ts'
import { MediaError } from '../domain/errors.ts'
import type { ScrubBook, VolumeOverview } from '../domain/volume-ports.ts'
import { SettingError } from './settings.ts'

export interface VolumeTools {
  readonly disk: Disk
  readonly folder: string
  readonly walk: WalkOptions
  print(line: string): void
}

/** What a command found: 0 all is well, 1 something is wrong with the volumes. */
export type Verdict = 0 | 1

/** Numbers of the volumes in a folder, in order. */
export async function volumesIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new SettingError(`The folder ${folder} cannot be read: ${error.code ?? error.message}.`)
  })
  const numbers = names.map((name) => /^([1-9][0-9]*)\.volume$/.exec(name)?.[1])
  return numbers
    .filter((digits) => digits !== undefined)
    .map((digits) => Number(digits))
    .toSorted((a, b) => a - b)
}

/** One line a volume from its files alone, which takes no time; and what killed writers and compactions left behind. */
export async function list({ disk, folder, print }: VolumeTools): Promise<Verdict> {
  const volumes = await volumesIn(folder)
  let verdict: Verdict = 0
  for (const volume of volumes) {
    const facts = [`${await sizeOf(join(folder, `${volume}.volume`))} bytes`]
    try {
      const at = { disk, folder, volume }
      const superblock = await superblockOf(at)
      facts.push(`epoch ${superblock.epoch}`, `${(await tombstonesOf(at, superblock)).keys.length} erased keys`)
      if (superblock.volume !== volume) facts.push(`says that it is volume ${superblock.volume}`)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      verdict = 1
      facts.push(`${error.code}: ${error.message}`)
    }
    if ((await sizeOf(join(folder, `${volume}.index`))) === 0) facts.push('no index snapshot: written now, or its writer was killed')
    print(`volume ${volume}: ${facts.join(', ')}`)
  }
  for (const name of (await readdir(folder)).toSorted()) {
    if (/\.(new|made|compacting)$/.test(name)) print(`left behind: ${name}, ${await sizeOf(join(folder, name))} bytes`)
    else if (/^\d+\.(tombstones|index)$/.test(name) && !volumes.includes(Number.parseInt(name, 10))) {
      verdict = 1
      print(`without its volume: ${name}`)
    }
  }
  return verdict
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0
}

/** One line a volume, every byte checked. A volume that cannot be read at all is a line too. */
export async function verify({ disk, folder, walk, print }: VolumeTools, volumes: readonly number[]): Promise<Verdict> {
  let verdict: Verdict = 0
  for (const volume of volumes) {
    try {
      const report = await scrubVolume({ disk, folder, volume }, walk)
      const isSound = report.bad.length === 0 && report.tombstoneStrayBytes === 0
      if (!isSound) verdict = 1
      print(lineOf(report))
      for (const { start, end } of report.bad) print(`  bad: bytes ${start} to ${end}`)
      if (report.tombstoneStrayBytes > 0) print(`  ${report.tombstoneStrayBytes} bytes of its tombstones are no tombstones`)
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      verdict = 1
      print(`volume ${volume}: ${error.code}: ${error.message}`)
    }
  }
  return verdict
}

function lineOf({ volume, bytes, needles, erasedKeys, bad, torn }: FileScrub): string {
  const state = bad.length > 0 ? `${bad.length} BAD` : 'sound'
  return `volume ${volume}: ${state}, ${needles} needles, ${erasedKeys} erased keys, ${bytes} bytes${torn ? ', torn at its end (never acknowledged)' : ''}`
}

/** What a volume says of itself. */
export async function inspect({ disk, folder, walk, print }: VolumeTools, volume: number): Promise<Verdict> {
  const counts = { needles: 0, dataBytes: 0, erasedBytes: 0, bad: 0 }
  const at = { disk, folder, volume }
  const { keys, strayBytes } = await tombstonesOf(at, await superblockOf(at))
  const erased = new Set(keys)
  const { superblock, found, fileBytes } = await walkVolume(at, volumePath(folder, volume), walk, async ({ header, bytes, data }) => {
    if (data === null) counts.bad += 1
    else if (header.type === 'needle') {
      counts.needles += 1
      counts.dataBytes += header.length
      if (erasedIn(erased, header) !== null) counts.erasedBytes += bytes
    }
  })
  const facts = {
    uuid: Buffer.from(superblock.uuid).toString('hex'),
    epoch: `${superblock.epoch}, last writer's ${found.epochMax}`,
    'bytes in the file': fileBytes,
    'bytes in use': found.end,
    needles: counts.needles,
    'bytes of data': counts.dataBytes,
    'erased keys': keys.length,
    'bytes that compaction frees of them': counts.erasedBytes,
    'bad records': counts.bad,
    'damaged spans': found.damage.map(({ start, end }) => `${start}-${end}`).join(' ') || 'none',
    'stray bytes among tombstones': strayBytes,
    'torn at its end': found.torn ? 'yes: a commit that nobody was told of' : 'no',
  }
  for (const [name, value] of Object.entries(facts)) print(`${name.padEnd(36)} ${value}`)
  return counts.bad > 0 || found.damage.length > 0 || strayBytes > 0 ? 1 : 0
}

/** One line a record; with `target`, also each sound needle that is not erased as a file `key.alt` in that folder. */
export async function dump({ disk, folder, walk, print }: VolumeTools, volume: number, target: string | null): Promise<Verdict> {
  const at = { disk, folder, volume }
  let verdict: Verdict = 0
  const files = new Set<string>()
  const erased = new Set((await tombstonesOf(at, await superblockOf(at))).keys)
  const walked = await walkVolume(at, volumePath(folder, volume), walk, async ({ offset, header, data }) => {
    if (data === null) verdict = 1
    const state = data === null ? 'BAD' : erasedIn(erased, header) !== null ? 'erased' : 'sound'
    print(`${offset} ${header.type} key ${header.key} alt ${header.alt} bytes ${header.length} ${state}`)
    if (target === null || header.type !== 'needle' || state !== 'sound' || data === null) return
    const name = `${header.key}.${header.alt}`
    files.add(name)
    // Of several records of one needle the last one counts, and comes last.
    const file = await open(join(target, name), 'w', 0o600)
    try {
      await file.writeFile(data)
    } finally {
      await file.close()
    }
  })
  for (const { start, end } of walked.found.damage) print(`${start} DAMAGE to ${end}`)
  if (target !== null) print(`${files.size} files in ${target}`)
  return walked.found.damage.length > 0 ? 1 : verdict
}

/** Rewrites a sealed volume without what was erased or replaced. */
export async function compact({ disk, folder, walk, print }: VolumeTools, volume: number): Promise<Verdict> {
  const at = { disk, folder, volume }
  const { bytesBefore, bytesAfter, kept, dropped } = await whileUnwritten(at, () => compactVolume(at, walk))
  print(`volume ${volume}: ${kept} needles kept, ${dropped} dropped, ${bytesBefore} bytes before, ${bytesAfter} after`)
  return 0
}

/** Fills bad records from a copy of the volume's file. */
export async function repair({ disk, folder, walk, print }: VolumeTools, volume: number, copy: string): Promise<Verdict> {
  const at = { disk, folder, volume }
  const { repaired, remaining } = await whileUnwritten(at, () => repairVolume(at, { path: copy }, walk))
  for (const { start, end } of repaired) print(`  repaired: bytes ${start} to ${end}`)
  for (const { start, end } of remaining) print(`  bad still: bytes ${start} to ${end}`)
  print(`volume ${volume}: ${repaired.length} repaired, ${remaining.length} bad`)
  return remaining.length > 0 ? 1 : 0
}

const VOLUMES_AT_ONCE = 500

/** One line a volume of the catalog: its state, and what the last reading of all its bytes found. */
export async function scrubs(book: Pick<ScrubBook, 'overview'>, print: (line: string) => void): Promise<Verdict> {
  let verdict: Verdict = 0
  for (let after = 0; ; ) {
    const page = await book.overview(after, VOLUMES_AT_ONCE)
    for (const volume of page) {
      print(scrubLine(volume))
      for (const { start, end } of volume.scrub?.report.bad ?? []) print(`  quarantined: bytes ${start} to ${end}`)
      if ((volume.scrub?.report.bad.length ?? 0) > 0) verdict = 1
    }
    const last = page.at(-1)
    if (last === undefined || page.length < VOLUMES_AT_ONCE) return verdict
    after = last.row.volume
  }
}

function scrubLine({ row, scrub }: VolumeOverview): string {
  const facts = [`volume ${row.volume}: ${row.state}`, `${row.bytes ?? row.bytesHeld} bytes`, `${row.bytesErased} erased`]
  if (scrub === null) return [...facts, 'never scrubbed'].join(', ')
  const { found, repaired, bad, bytes, tookMs } = scrub.report
  const hours = (scrub.agoMs / 3_600_000).toFixed(1)
  const state = found === 0 ? 'sound' : `${found} BAD found, ${repaired} repaired, ${bad.length} quarantined`
  return [...facts, `scrubbed ${hours} h ago (${bytes} bytes in ${Math.round(tookMs / 1_000)} s): ${state}`].join(', ')
}
