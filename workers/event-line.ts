import type { CloudEvent, PlayableData, ReadyData } from '../domain/events.ts'

/** Control characters would let a tenant's name move the cursor of whoever reads along. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?')
}

function whatIsReady({ kind, width, height, durationMs, renditions, hls }: ReadyData): string {
  const length = durationMs === undefined ? '' : `, ${(durationMs / 1000).toFixed(1)} s`
  const files = `${renditions.length} ${renditions.length === 1 ? 'rendition' : 'renditions'}`
  const url = hls ?? renditions[0]?.url
  return `${kind} ${width}x${height}${length}, ${files}${url === undefined ? '' : `  ${url}`}`
}

function whatIsPlayable({ kind, width, height, durationMs, hls }: PlayableData): string {
  return `${kind} ${width}x${height}, ${(durationMs / 1000).toFixed(1)} s, its beginning  ${hls}`
}

/** What an event says, for a person. */
function said({ data }: CloudEvent): string {
  if ('renditions' in data) return whatIsReady(data)
  if ('hls' in data) return whatIsPlayable(data)
  if ('error' in data) return `${data.kind}: ${data.error.title} (${data.error.code})`
  return `refused everywhere since ${data.verifiedAt}`
}

/** An event as one line: time, type, item, tenant and what it says. */
export function eventLine(event: CloudEvent): string {
  return plain([event.time, event.type.padEnd('media.rejected'.length), event.subject, event.tenant, said(event)].join('  '))
}
