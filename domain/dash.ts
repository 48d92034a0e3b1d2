/** DASH manifests as text (ISO/IEC 23009-1) over the segments that HLS has. Pure. */
import type { FrameRate } from './plan-video.ts'
import type { SoundAside } from './plans.ts'

export interface DashTrack {
  /** Unique within the manifest. */
  readonly id: string
  /** RFC 6381, of this track alone. */
  readonly codecs: string
  /** Measured peak, bits per second. */
  readonly bandwidth: number
  readonly initUri: string
  readonly segments: readonly { readonly uri: string; readonly durationSeconds: number }[]
}

export interface DashPicture extends DashTrack {
  readonly width: number
  readonly height: number
}

export interface DashSound extends DashTrack {
  readonly samplingRate: number
  readonly language?: string
  readonly aside?: SoundAside
}

export interface DashCaptions {
  /** BCP 47. */
  readonly language: string
  /** WebVTT, whole. */
  readonly uri: string
}

/** Ticks a second of the segments' times here; the media keep clocks of their own. */
const TIMESCALE = 1_000_000
/** Seconds that a player buffers first: a segment. */
const MIN_BUFFER_SECONDS = 6

/**
 * A static manifest of one period: the rungs to switch between, and the sounds to choose from. Segments are listed one by one
 * (5.3.9.3), since their addresses follow no template; the timeline (5.3.9.6) has their exact lengths.
 */
export function dashManifest(input: {
  readonly durationSeconds: number
  readonly frameRate: FrameRate
  readonly rungs: readonly DashPicture[]
  readonly audio: readonly DashSound[]
  readonly captions?: readonly DashCaptions[]
}): string {
  const { timescale, ticks } = input.frameRate
  const rate = timescale % ticks === 0 ? `${timescale / ticks}` : `${timescale}/${ticks}`
  const seconds = (value: number) => `PT${value.toFixed(3)}S`
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-main:2011" type="static" mediaPresentationDuration="${seconds(input.durationSeconds)}" minBufferTime="${seconds(MIN_BUFFER_SECONDS)}">`,
    '  <Period id="0" start="PT0S">',
  ]
  // One set for each codec: a player changes within a set without asking what it can decode.
  const families = Map.groupBy(input.rungs, ({ codecs }) => codecs.split('.', 1)[0] ?? '')
  let id = 0
  for (const rungs of families.values()) {
    lines.push(
      `    <AdaptationSet id="${id}" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">`,
      ...rungs.flatMap((rung) => representation(rung, `width="${rung.width}" height="${rung.height}" frameRate="${rate}" sar="1:1"`)),
      '    </AdaptationSet>',
    )
    id += 1
  }
  for (const [at, sound] of input.audio.entries()) {
    const said = sound.language === undefined ? '' : ` lang="${textOf(sound.language)}"`
    lines.push(
      `    <AdaptationSet id="${id}" contentType="audio" mimeType="audio/mp4"${said} segmentAlignment="true" startWithSAP="1">`,
      // 5.8.5.5: only where there is something to choose.
      ...(input.audio.length > 1 ? [`      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="${roleOf(sound, at === 0)}"/>`] : []),
      ...representation(sound, `audioSamplingRate="${sound.samplingRate}"`),
      '    </AdaptationSet>',
    )
    id += 1
  }
  lines.push(...captionSets(input.captions ?? [], id))
  return [...lines, '  </Period>', '</MPD>', ''].join('\n')
}

function captionSets(captions: readonly DashCaptions[], firstId: number): string[] {
  return captions.flatMap(({ language, uri }, at) => [
    `    <AdaptationSet id="${firstId + at}" contentType="text" mimeType="text/vtt" lang="${textOf(language)}">`,
    '      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle"/>',
    `      <Representation id="captions-${textOf(language)}" bandwidth="256">`,
    `        <BaseURL>${textOf(uri)}</BaseURL>`,
    '      </Representation>',
    '    </AdaptationSet>',
  ])
}

/** A manifest of {@link dashManifest} with these captions in the place of those that it has. */
export function dashWithCaptions(manifest: string, captions: readonly DashCaptions[]): string {
  const plain = manifest.replaceAll(/ {4}<AdaptationSet id="\d+" contentType="text"[\s\S]*?<\/AdaptationSet>\n/g, '')
  const sets = captionSets(captions, plain.match(/<AdaptationSet /g)?.length ?? 0)
  return plain.replace('  </Period>\n', (end) => [...sets, end].join('\n'))
}

function roleOf({ aside }: DashSound, isFirst: boolean): string {
  if (isFirst) return 'main'
  return aside ?? 'dub'
}

function representation({ id, codecs, bandwidth, initUri, segments }: DashTrack, more: string): string[] {
  return [
    `      <Representation id="${id}" codecs="${codecs}" bandwidth="${Math.ceil(bandwidth)}" ${more}>`,
    `        <SegmentList timescale="${TIMESCALE}">`,
    `          <Initialization sourceURL="${textOf(initUri)}"/>`,
    '          <SegmentTimeline>',
    ...timeline(segments),
    '          </SegmentTimeline>',
    ...segments.map(({ uri }) => `          <SegmentURL media="${textOf(uri)}"/>`),
    '        </SegmentList>',
    '      </Representation>',
  ]
}

/** Ends are rounded, not lengths, so that nothing adds up. Equal lengths are told once. */
function timeline(segments: DashTrack['segments']): string[] {
  const runs: { d: number; r: number }[] = []
  let [end, ticks] = [0, 0]
  for (const { durationSeconds } of segments) {
    end += durationSeconds
    const d = Math.round(end * TIMESCALE) - ticks
    ticks += d
    const last = runs.at(-1)
    if (last?.d === d) last.r += 1
    else runs.push({ d, r: 0 })
  }
  return runs.map(({ d, r }, at) => `            <S${at === 0 ? ' t="0"' : ''} d="${d}"${r > 0 ? ` r="${r}"` : ''}/>`)
}

/** Our own addresses need no escaping; anything else is a bug and not a manifest. */
function textOf(uri: string): string {
  if (!/^[A-Za-z0-9._/:-]+$/.test(uri)) throw new Error(`not a URI for a manifest: ${JSON.stringify(uri)}`)
  return uri
}
