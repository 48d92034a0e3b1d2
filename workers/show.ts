import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Instance, ShownItem } from './instance.ts'
import { size, table } from './table.ts'

/** Where a running pipeline can be looked at. */
export function addresses({ api, origin, edge, console: page, temporalUi, apiKey, kafka, topic }: Instance): string {
  const rows: [string, string][] = [
    ['console', page],
    ['Temporal UI', temporalUi ?? 'none named: set TEMPORAL_UI_URL'],
    ['API', api],
    ['API key', apiKey],
    ['origin', origin],
    ...(edge ? [['edge', edge] as [string, string]] : []),
    ['Kafka', kafka.length > 0 ? `${kafka.join(',')}, topic ${topic}` : 'none: events wait in the outbox'],
  ]
  return rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`).join('\n')
}

/** What is left of a run that ends by itself: nothing answers any more at the addresses that it has printed. */
export function endedWords(home: string): string {
  const rows = [
    ['data folder', home],
    ['samples', join(home, 'samples')],
    ['renditions', join(home, 'volumes')],
    ['logs', join(home, 'logs')],
  ].filter(([, folder]) => existsSync(folder as string))
  return [
    'This run ends: nothing answers at the addresses above any more. `npm start` serves what was made again, at the same port at the same',
    'addresses. What stays:',
    ...rows.map(([name = '', folder]) => `  ${name.padEnd(12)}${folder}`),
  ].join('\n')
}

/** An item for a person: its outcome, every rendition with its size and URL, and the event that told of it. */
export function describe(item: ShownItem, label: string, temporalUi: string | null): string {
  const lines = [`${label}: ${item.kind} ${item.id} is ${item.state}${item.error ? `: ${item.error.code}, ${item.error.title}` : ''}`]
  if (item.blurhash)
    lines.push(
      `  ${item.width} x ${item.height}${item.durationMs ? `, ${(item.durationMs / 1000).toFixed(1)} s` : ''}, blurhash ${item.blurhash}`,
    )
  if (item.hls) lines.push(`  HLS      ${item.hls}`)
  if (item.variants)
    lines.push(
      `  variants ${item.variants}w_${item.variantSizes?.find((size) => !size.includes('x')) ?? 800},f_auto (made when it is asked for)`,
    )
  if (item.poster) lines.push(`  poster   ${item.poster}`)
  if (temporalUi) lines.push(`  workflow ${temporalUi}/namespaces/default/workflows/${encodeURIComponent(item.workflowId)}`)
  if (item.renditions.length > 0) {
    const rows = item.renditions.map((file) => [file.name, `${file.width} x ${file.height}`, size(file.bytes), file.url])
    lines.push('', indent(table(['rendition', 'pixels', 'size', 'URL'], rows)))
  }
  return lines.join('\n')
}

/** An event as it came off the wire, without repeating its renditions. */
export function describeEvent({ event }: ShownItem, from: string): string {
  if (!event) return '  no event was seen'
  const data = { ...event.data } as Record<string, unknown>
  if (Array.isArray(data['renditions'])) data['renditions'] = `[${data['renditions'].length} renditions]`
  return `  event, ${from}:\n${indent(JSON.stringify({ ...event, data }, null, 2), '    ')}`
}

function indent(text: string, by = '  '): string {
  return text.replaceAll(/^(?=.)/gm, by)
}
