/** What of an upload its renditions do not show, in words for whoever is to be told. */
export const lossTexts = {
  animation: 'Of pictures that follow one another the first is shown.',
  gainMap: 'The gain map, which brightens the picture on HDR screens, is not in the renditions.',
  hdr: 'HDR tones are brought down to those of ordinary screens.',
  gamut: 'Colours that sRGB does not have, where the picture has any, are at its edge.',
  depth: 'More than 8 bits a channel are rounded to 8.',
  clip: 'The clip beside the photo could not be taken, or is too long.',
} as const

export type Loss = keyof typeof lossTexts

/** As the world is told of it. Readers pass over names that they do not know. */
export interface ToldLoss {
  readonly name: Loss
  readonly text: string
}

/** A manifest's losses with their words, where it has any. */
export function lossesIn({ losses = [] }: { readonly losses?: readonly Loss[] | undefined }): { readonly losses?: readonly ToldLoss[] } {
  return losses.length === 0 ? {} : { losses: losses.map((name) => ({ name, text: lossTexts[name] })) }
}

/** Narrowing for what crossed a process boundary as text. */
export function isLoss(text: unknown): text is Loss {
  return typeof text === 'string' && Object.hasOwn(lossTexts, text)
}
