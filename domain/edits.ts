import { MediaError } from './errors.ts'
import { type Framing, framingParameters, parseFraming } from './framing.ts'
import { parseTrim, type Trim, trimParameters } from './trim.ts'

/** What may be asked for of an item's looks at upload, and how far each goes; 0 changes nothing, strength is 100 unless given. */
export const editRanges = {
  /** Of the filter, in percent. */
  strength: { min: 0, max: 100 },
  brightness: { min: -100, max: 100 },
  contrast: { min: -100, max: 100 },
  warmth: { min: -100, max: 100 },
  saturation: { min: -100, max: 100 },
  fade: { min: 0, max: 100 },
  highlights: { min: -100, max: 100 },
  shadows: { min: -100, max: 100 },
  /** Darkens towards the corners. */
  vignette: { min: 0, max: 100 },
  sharpen: { min: 0, max: 100 },
} as const
export type EditName = keyof typeof editRanges
export type Edits = { readonly [Name in EditName]?: number } & { readonly framing?: Framing; readonly trim?: Trim }

/** The filter and the edits of an item: all that is done to it besides what its preset says. */
export interface Look {
  readonly filter: string | null
  readonly edits?: Edits
}

const names = Object.keys(editRanges) as EditName[]

/** All that {@link parseEdits} looks for in a request. */
export const editParameters: readonly string[] = [...names, ...framingParameters, ...trimParameters]

/**
 * The edits among the values of a request; undefined where there are none. Each but the framing and the trim is a whole number
 * within its range. EDIT_INVALID.
 */
export function parseEdits(valueOf: (name: string) => string | null, filter: string | null): Edits | undefined {
  const edits: { [Name in EditName]?: number } & { framing?: Framing; trim?: Trim } = {}
  for (const name of names) {
    const text = valueOf(name)
    if (text === null || text === '') continue
    const { min, max } = editRanges[name]
    const value = /^-?\d{1,3}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max)) throw new MediaError('EDIT_INVALID', `${name} is a whole number from ${min} to ${max}.`)
    edits[name] = value
  }
  if (edits.strength !== undefined && filter === null) throw new MediaError('EDIT_INVALID', 'strength is of a filter, and none is given.')
  const framing = parseFraming(valueOf)
  if (framing) edits.framing = framing
  const trim = parseTrim(valueOf)
  if (trim) edits.trim = trim
  return Object.keys(edits).length === 0 ? undefined : edits
}

/** Whether anything is done to the colours. */
export function changesColours({ filter, edits }: Look): boolean {
  return filter !== null || coloursOf({ filter, ...(edits ? { edits } : {}) }).edits !== undefined
}

/** The look alone of whatever has one, framing and all. */
export function lookIn({ filter, edits }: Look): Look {
  return { filter, ...(edits === undefined ? {} : { edits }) }
}

/** What of a look is a matter of colours and of where they are, and not of what is next to them. */
export function coloursOf({ filter, edits }: Look): Look {
  if (edits === undefined) return { filter }
  const { framing: _, trim: __, sharpen: ___, ...colours } = edits
  return lookIn({ filter, ...(Object.keys(colours).length === 0 ? {} : { edits: colours }) })
}

/** How many times what a blur takes away is added for `sharpen` of 100. */
const SHARPENING_MAX = 1.5

/** What stands for an item's `sharpen` of 0..100: how many times what a blur takes away is added. */
export function sharpeningOf({ edits }: Pick<Look, 'edits'>): number {
  return (SHARPENING_MAX * (edits?.sharpen ?? 0)) / 100
}
