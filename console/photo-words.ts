import type { Item } from '../api/item.ts'
import type { PrivateFacts } from '../domain/media.ts'
import { agoText } from './format.ts'

/** One line on an item. */
export function summaryOf(item: Item): string {
  const size = item.width && item.height ? `${item.width} × ${item.height}` : ''
  return [item.state, size, agoText(new Date(item.createdAt), new Date())].filter((part) => part !== '').join(' · ')
}

/** What is known of an item, in words: what everybody may know, then what is its owner's. */
export function factsOf(item: Item, facts: PrivateFacts): (readonly [term: string, value: string])[] {
  const { takenAt, camera, software, latitude, longitude, creator, copyright } = facts
  return [
    ['Id', item.id],
    ['Received', new Date(item.createdAt).toLocaleString()],
    ...(item.madeWithAi ? [['Origin', 'Made with AI'] as const] : []),
    ...(item.losses ?? []).map(({ text }) => ['Not shown', text] as const),
    ...(takenAt ? [['Taken', new Date(takenAt).toLocaleString()] as const] : []),
    ...(camera ? [['Camera', camera] as const] : []),
    ...(latitude !== undefined && longitude !== undefined ? [['Place', `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`] as const] : []),
    ...(software ? [['Camera software', software] as const] : []),
    ...(creator ? [['Creator', creator] as const] : []),
    ...(copyright ? [['Copyright', copyright] as const] : []),
  ]
}
