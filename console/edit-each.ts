import type { Choice } from './client.ts'

export interface EditEachOptions {
  readonly dialog: HTMLDialogElement
  readonly filters: readonly string[]
  /** What they are sent with besides. */
  readonly choice: Choice
  readonly send: (file: File, choice: Choice) => void
}

/**
 * Photos edited one after the other, each sent as soon as that is decided. Gives how many were not sent: leaving the editor leaves out
 * what is still to come. The editor is loaded with the first: it brings all filters with it.
 */
export async function editEach(photos: readonly File[], { dialog, filters, choice, send }: EditEachOptions): Promise<number> {
  const { editPhoto } = await import('./editor/editor.ts')
  for (const [index, photo] of photos.entries()) {
    const others = photos.slice(index + 1)
    const decision = await editPhoto(photo, { dialog, filters, filter: choice['filter'] || null, others: others.length })
    if (!decision) return photos.length - index
    send(photo, { preset: choice['preset'] ?? '', ...decision.parameters })
    if (!decision.lookForOthers) continue
    for (const other of others) send(other, { preset: choice['preset'] ?? '', ...decision.lookForOthers })
    return 0
  }
  return 0
}
