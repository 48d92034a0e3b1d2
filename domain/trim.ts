import { MediaError } from './errors.ts'

/** Which part of a film is kept, on its own clock from its first frame on. */
export interface Trim {
  readonly startSeconds: number
  /** To its end unless given. */
  readonly endSeconds?: number
}

/** Frames of a grid that has `frames`. */
export interface FrameSpan {
  readonly first: number
  readonly count: number
}

/** What a trim is told by. */
export const trimParameters = ['start', 'end'] as const

const SECONDS = /^\d{1,5}(\.\d{1,6})?$/

/** `start` and `end` of a request, in seconds; undefined where neither is given. EDIT_INVALID. */
export function parseTrim(valueOf: (name: string) => string | null): Trim | undefined {
  const [start, end] = trimParameters.map((name) => {
    const text = valueOf(name)
    if (text === null || text === '') return undefined
    if (!SECONDS.test(text)) throw new MediaError('EDIT_INVALID', `${name} is a number of seconds, such as 12.5.`)
    return Number(text)
  })
  if (start === undefined && end === undefined) return undefined
  if (end !== undefined && end <= (start ?? 0)) throw new MediaError('EDIT_INVALID', 'end is later than start.')
  return { startSeconds: start ?? 0, ...(end === undefined ? {} : { endSeconds: end }) }
}

/** The frames from the one that is nearest to the start up to, but not with, the one nearest to the end. EDIT_INVALID where there is none. */
export function trimmedFrames(frames: number, fps: number, trim: Trim | undefined): FrameSpan {
  if (!trim) return { first: 0, count: frames }
  const first = Math.round(trim.startSeconds * fps)
  const end = Math.min(frames, trim.endSeconds === undefined ? frames : Math.round(trim.endSeconds * fps))
  if (first >= end) throw new MediaError('EDIT_INVALID', 'Nothing of the film lies between start and end.')
  return { first, count: end - first }
}
