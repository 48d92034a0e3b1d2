/** Captions as WebVTT (W3C): read from strangers, written for players. Pure. */
import { MediaError } from './errors.ts'
import type { Limits } from './limits.ts'

export interface Cue {
  readonly startMs: number
  readonly endMs: number
  /** Settings of the cue as WebVTT writes them, only known ones; often empty. */
  readonly settings: string
  /** Escaped, with no tags but b, i and u. */
  readonly text: string
}

type CaptionLimits = Pick<Limits, 'captionCuesMax' | 'captionCueCharactersMax'>

const TIME = String.raw`(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})`
const TIMING = new RegExp(String.raw`^${TIME}[ \t]+-->[ \t]+${TIME}(?:[ \t]+(.*))?$`)
const NUMBER = String.raw`\d{1,3}(?:\.\d{1,6})?%`
const SETTING = new RegExp(
  String.raw`^(?:align:(?:start|center|end|left|right)|vertical:(?:rl|lr)|size:${NUMBER}|line:(?:-?\d{1,3}|${NUMBER})(?:,(?:start|center|end))?|position:${NUMBER}(?:,(?:line-left|center|line-right))?)$`,
)

/**
 * The cues of a file, in order of time. What only concerns looks or scripts (STYLE, REGION, NOTE, unknown settings, tags other
 * than b, i, u) is left out, and so are cues that end before they begin. CAPTIONS_INVALID for what is no
 * WebVTT, or has more or longer cues than the limits.
 */
export function parseWebVtt(source: string, limits: CaptionLimits): Cue[] {
  const lines = source
    .replace(/^\uFEFF/, '')
    .replaceAll('\0', '\uFFFD')
    .split(/\r\n|\n|\r/)
  if (!/^WEBVTT(?:[ \t].*)?$/.test(lines[0] ?? '')) throw new MediaError('CAPTIONS_INVALID', 'The first line is not WEBVTT.')
  const cues: Cue[] = []
  for (let at = 1; at < lines.length; at++) {
    const timing = TIMING.exec(lines[at]?.trim() ?? '')
    if (!timing) {
      // A block without a time is skipped whole, so that nothing within it is taken for a cue.
      if (/^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/.test(lines[at] ?? '')) while (lines[at + 1]?.trim()) at++
      else if (lines[at]?.includes('-->')) throw new MediaError('CAPTIONS_INVALID', `Line ${at + 1} has no times that can be read.`)
      continue
    }
    const text: string[] = []
    while (lines[at + 1]?.trim()) text.push(lines[++at] ?? '')
    const payload = text.join('\n')
    if (payload.includes('-->')) throw new MediaError('CAPTIONS_INVALID', `The cue before line ${at + 2} has an arrow in it.`)
    if (payload.length > limits.captionCueCharactersMax)
      throw new MediaError('CAPTIONS_INVALID', `A cue has more than ${limits.captionCueCharactersMax} characters.`)
    const [startMs, endMs] = [msOf(timing.slice(1, 5)), msOf(timing.slice(5, 9))]
    const clean = cleanText(payload)
    if (endMs <= startMs || clean === '') continue
    cues.push({
      startMs,
      endMs,
      settings: (timing[9] ?? '')
        .split(/[ \t]+/)
        .filter((setting) => SETTING.test(setting))
        .join(' '),
      text: clean,
    })
    if (cues.length > limits.captionCuesMax) throw new MediaError('CAPTIONS_INVALID', `There are more than ${limits.captionCuesMax} cues.`)
  }
  return cues.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs)
}

/** Cues on another clock, `offsetMs` later, and only what of them lies within a film of `durationMs`. */
export function cuesWithin(cues: readonly Cue[], offsetMs: number, durationMs: number): Cue[] {
  return cues
    .map((cue) => ({ ...cue, startMs: Math.max(0, cue.startMs + offsetMs), endMs: Math.min(durationMs, cue.endMs + offsetMs) }))
    .filter(({ startMs, endMs }) => endMs > startMs)
}

/** A file of cues. `mapped` for a segment of HLS: says that its clock is the film's (RFC 8216, section 3.5). */
export function formatWebVtt(cues: readonly Cue[], { mapped = false } = {}): string {
  const head = mapped ? 'WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n' : 'WEBVTT\n'
  const blocks = cues.map(
    ({ startMs, endMs, settings, text }) =>
      `\n${timeText(startMs)} --> ${timeText(endMs)}${settings === '' ? '' : ` ${settings}`}\n${text}\n`,
  )
  return head + blocks.join('')
}

/** One file for each stretch of `seconds`; a cue is in every one that it is shown in, as section 3.5 asks. */
export function segmentWebVtt(
  cues: readonly Cue[],
  durationMs: number,
  seconds: number,
): { readonly text: string; readonly durationSeconds: number }[] {
  const step = seconds * 1000
  return Array.from({ length: Math.max(1, Math.ceil(durationMs / step)) }, (_, at) => {
    const [from, to] = [at * step, Math.min(durationMs, (at + 1) * step)]
    const shown = cues.filter(({ startMs, endMs }) => startMs < to && endMs > from)
    return { text: formatWebVtt(shown, { mapped: true }), durationSeconds: (to - from) / 1000 }
  })
}

/** Text as players show it: known tags without their attributes, no stray bracket, no control characters. */
function cleanText(text: string): string {
  return text
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .replace(/<(\/?)([biu])(?:[.\s][^>]*)?>/g, '\u0001$1$2\u0002')
    .replace(/<[^<>]*>/g, '')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\u0001', '<')
    .replaceAll('\u0002', '>')
    .trim()
}

function msOf([hours = '0', minutes = '0', seconds = '0', ms = '0']: readonly (string | undefined)[]): number {
  return Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(ms)
}

function timeText(ms: number): string {
  const pad = (value: number, width: number) => String(value).padStart(width, '0')
  return `${pad(Math.floor(ms / 3_600_000), 2)}:${pad(Math.floor(ms / 60_000) % 60, 2)}:${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`
}
