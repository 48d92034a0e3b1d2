import type { VolumeView } from '../api/admin-routes.ts'
import type { Client } from './client.ts'
import { h } from './dom.ts'
import { agoText, bytesText, durationText } from './format.ts'

const headings = ['Volume', 'State', 'Stored', 'Erased', 'Last scrub', 'Found bad', 'Repaired', 'Refused'] as const

/** The page of volumes for an operator: what each holds, and what the last scrub found. Rejects where the key is no operator's. */
export async function showVolumesPage(place: HTMLElement, client: Client): Promise<void> {
  const rows = h('tbody')
  const summary = h('p', { class: 'dim', role: 'status' })
  const more = h('button', { type: 'button', class: 'quiet' }, 'Show more')
  const shown: VolumeView[] = []
  let next: number | null = 0
  const load = async () => {
    const page = await client.volumes(next ?? 0)
    next = page.next
    shown.push(...page.volumes)
    rows.append(...page.volumes.map(rowOf))
    summary.textContent = summaryOf(shown, next !== null)
    more.hidden = next === null
  }
  more.addEventListener('click', () => {
    more.disabled = true
    load()
      .catch((error: unknown) => {
        summary.textContent = error instanceof Error ? error.message : 'The volumes could not be loaded.'
      })
      .finally(() => {
        more.disabled = false
      })
  })
  await load()
  const head = h('tr', {}, ...headings.map((heading) => h('th', { scope: 'col' }, heading)))
  document.title = 'Volumes · Darkroom'
  place.replaceChildren(
    h('header', {}, h('h2', {}, 'Volumes'), summary),
    h('div', { class: 'scrolls' }, h('table', {}, h('thead', {}, head), rows)),
    more,
  )
}

/** Of the volumes that are shown, in a sentence. */
function summaryOf(volumes: readonly VolumeView[], isMore: boolean): string {
  const bytes = volumes.reduce((sum, volume) => sum + (volume.bytes ?? 0), 0)
  const bad = volumes.filter(isBad).length
  const count = `${isMore ? 'The first ' : ''}${volumes.length} ${volumes.length === 1 ? 'volume' : 'volumes'}, ${bytesText(bytes)}`
  return bad === 0 ? `${count}. No damage is known.` : `${count}. Damage is left in ${bad}: see the runbook on broken volumes.`
}

function isBad({ scrub }: VolumeView): boolean {
  return scrub !== null && scrub.quarantined.length > 0
}

function rowOf(volume: VolumeView): HTMLElement {
  const { scrub } = volume
  const cells = [
    volume.state,
    volume.bytes === null ? '–' : bytesText(volume.bytes),
    bytesText(volume.bytesErased),
    ...(scrub === null ? ['never', '–', '–', '–'] : [scrubText(scrub), String(scrub.found), String(scrub.repaired), badText(scrub)]),
  ]
  const cellsOf = cells.map((text, column) => h('td', isBad(volume) && column === cells.length - 1 ? { class: 'fault' } : {}, text))
  return h('tr', {}, h('th', { scope: 'row' }, String(volume.volume)), ...cellsOf)
}

type Scrub = NonNullable<VolumeView['scrub']>

function scrubText({ at, needles, tookMs }: Scrub): string {
  return `${agoText(new Date(at), new Date())}, ${needles} needles in ${durationText(tookMs)}`
}

/** What is not served because it is bad. */
function badText({ quarantined }: Scrub): string {
  const bytes = quarantined.reduce((sum, { start, end }) => sum + end - start, 0)
  return quarantined.length === 0 ? 'nothing' : bytesText(bytes)
}
