/** A storyboard: little pictures of a video at even times, on one sheet, with a WebVTT index. Pure. */
import type { VideoPlan } from './plans.ts'

export interface Storyboard {
  readonly count: number
  readonly columns: number
  readonly rows: number
  readonly intervalMs: number
  /** Of one picture, in pixels. */
  readonly width: number
  readonly height: number
}

const PICTURES_MAX = 100
const COLUMNS_MAX = 10
const LONG_SIDE = 160
/** Keyframes are rarely nearer to one another. */
const INTERVAL_MS_MIN = 2_000

/** As many pictures as fit one sheet, none nearer than two seconds to the next. */
export function planStoryboard({ width, height, durationMs }: Pick<VideoPlan, 'width' | 'height' | 'durationMs'>): Storyboard {
  const intervalMs = Math.max(INTERVAL_MS_MIN, Math.ceil(durationMs / PICTURES_MAX))
  const count = Math.max(1, Math.ceil(durationMs / intervalMs))
  const columns = Math.min(count, COLUMNS_MAX)
  const scale = LONG_SIDE / Math.max(width, height)
  const even = (side: number) => Math.max(2, Math.round((side * scale) / 2) * 2)
  return { count, columns, rows: Math.ceil(count / columns), intervalMs, width: even(width), height: even(height) }
}

/** The index (W3C WebVTT): which part of the sheet stands for which time, as media fragments `#xywh`. */
export function storyboardIndex(board: Storyboard, sheetUri: string, durationMs: number): string {
  const cues = Array.from({ length: board.count }, (_, at) => {
    const [from, to] = [at * board.intervalMs, Math.min((at + 1) * board.intervalMs, durationMs)]
    const [x, y] = [(at % board.columns) * board.width, Math.floor(at / board.columns) * board.height]
    return `${timeText(from)} --> ${timeText(to)}\n${sheetUri}#xywh=${x},${y},${board.width},${board.height}\n`
  })
  return `WEBVTT\n\n${cues.join('\n')}`
}

function timeText(ms: number): string {
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60]
  return `${[hours, minutes, seconds].map((part) => String(part).padStart(2, '0')).join(':')}.${String(ms % 1000).padStart(3, '0')}`
}
