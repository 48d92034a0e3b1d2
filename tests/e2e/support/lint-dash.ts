/** A checker of DASH as it is served (ISO/IEC 23009-1): what it gives is a list of faults. It has a reader of its own. */
import type { Fetcher } from './lint-hls.ts'
import { readFragments, readInit } from './read-segment.ts'

interface Representation {
  readonly attributes: Readonly<Record<string, string>>
  readonly timescale: number
  readonly init: string
  readonly lengths: readonly number[]
  readonly media: readonly string[]
}

const RATE_SLACK = 0.1
const SEGMENT_SECONDS_MAX = 6.1
/** A frame of sound, or of picture, by which a track's end may differ from the presentation's. */
const END_SECONDS_MAX = 0.05

export async function lintDash(manifest: string, fetcher: Fetcher): Promise<string[]> {
  const faults: string[] = []
  const text = await fetcher.text(manifest)
  const mpd = attributesOf(/<MPD ([^>]*)>/.exec(text)?.[1] ?? '')
  if (mpd['type'] !== 'static') faults.push('manifest: not static')
  if (!mpd['profiles']?.startsWith('urn:mpeg:dash:profile:')) faults.push('manifest: no profile')
  const seconds = Number(/^PT([\d.]+)S$/.exec(mpd['mediaPresentationDuration'] ?? '')?.[1])
  if (!(seconds > 0)) faults.push('manifest: no duration')
  if (!/^PT[\d.]+S$/.test(mpd['minBufferTime'] ?? '')) faults.push('manifest: no minBufferTime')
  const sets = [...text.matchAll(/<AdaptationSet ([^>]*)>([\s\S]*?)<\/AdaptationSet>/g)]
  if (sets.length === 0) faults.push('manifest: no adaptation set')
  const ids = new Set<string>()
  for (const [, head = '', body = ''] of sets) {
    const set = attributesOf(head)
    const type = set['contentType'] ?? ''
    if (type === 'text') {
      // Captions are one file each, without segments.
      const uri = /<BaseURL>([^<]+)<\/BaseURL>/.exec(body)?.[1] ?? ''
      if (!set['lang'] || set['mimeType'] !== 'text/vtt') faults.push('text: no language, or no type')
      if (!(await fetcher.text(new URL(uri, manifest).href)).startsWith('WEBVTT\n')) faults.push(`text: ${uri} is no WebVTT`)
      continue
    }
    if (set['segmentAlignment'] !== 'true' || set['startWithSAP'] !== '1') faults.push(`${type}: segments are not said to be aligned`)
    const grids = new Set<string>()
    for (const [, own = '', inner = ''] of body.matchAll(/<Representation ([^>]*)>([\s\S]*?)<\/Representation>/g)) {
      const representation = readRepresentation(own, inner, manifest)
      const id = representation.attributes['id'] ?? ''
      if (ids.has(id)) faults.push(`${id}: two representations of one id`)
      ids.add(id)
      grids.add(representation.lengths.join(' '))
      for (const name of ['id', 'codecs', 'bandwidth', ...(type === 'video' ? ['width', 'height', 'frameRate'] : ['audioSamplingRate'])])
        if (representation.attributes[name] === undefined) faults.push(`${id}: no ${name}`)
      await lintSegments(id, representation, seconds, fetcher, faults)
    }
    if (grids.size > 1) faults.push(`${type}: representations are not cut at the same times`)
  }
  return faults
}

async function lintSegments(
  id: string,
  { attributes, timescale, init, lengths, media }: Representation,
  seconds: number,
  fetcher: Fetcher,
  faults: string[],
): Promise<void> {
  if (lengths.length !== media.length) faults.push(`${id}: ${media.length} segments with ${lengths.length} lengths`)
  const { timescale: clock, sampleTicks } = readInit(await fetcher.whole(init))
  let [begin, peak] = [0, 0]
  const longest = Math.max(...lengths)
  for (const [at, url] of media.entries()) {
    const length = lengths[at] ?? 0
    if (length / timescale > SEGMENT_SECONDS_MAX) faults.push(`${id}: segment ${at} is ${length / timescale} s long`)
    const data = await fetcher.whole(url)
    const startTicks = readFragments(data, sampleTicks)[0]?.startTicks ?? Number.NaN
    if (!(Math.abs(startTicks / clock - begin / timescale) < 0.001))
      faults.push(`${id}: segment ${at} begins at ${startTicks / clock} s, said to at ${begin / timescale}`)
    if (length >= longest / 2) peak = Math.max(peak, (data.length * 8 * timescale) / length)
    begin += length
  }
  if (!(Math.abs(begin / timescale - seconds) < END_SECONDS_MAX)) faults.push(`${id}: ${begin / timescale} s of ${seconds}`)
  const said = Number(attributes['bandwidth'])
  if (!(Math.abs(said - peak) <= peak * RATE_SLACK)) faults.push(`${id}: bandwidth is ${said}, measured ${Math.round(peak)}`)
}

function readRepresentation(own: string, inner: string, base: string): Representation {
  const list = attributesOf(/<SegmentList ([^>]*)>/.exec(inner)?.[1] ?? '')
  const lengths = [...inner.matchAll(/<S ([^>]*)\/>/g)].flatMap(([, text = '']) => {
    const { d, r = '0' } = attributesOf(text)
    return Array.from({ length: Number(r) + 1 }, () => Number(d))
  })
  return {
    attributes: attributesOf(own),
    timescale: Number(list['timescale'] ?? 1),
    init: new URL(/<Initialization sourceURL="([^"]+)"/.exec(inner)?.[1] ?? '', base).href,
    lengths,
    media: [...inner.matchAll(/<SegmentURL media="([^"]+)"/g)].map(([, uri = '']) => new URL(uri, base).href),
  }
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]))
}
