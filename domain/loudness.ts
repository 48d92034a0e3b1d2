/** How loud a film's sound is made (EBU R 128, ITU-R BS.1770), decided from what was measured. Pure. */

/** What a preset asks for. */
export interface LoudnessTarget {
  /** Integrated loudness, LUFS. */
  readonly lufs: number
  /** No true peak above this, dBTP. */
  readonly truePeakDb: number
}

export interface MeasuredLoudness {
  readonly lufs: number
  readonly truePeakDb: number
}

/** What is noted of an item: as it came, and by how much it was changed. */
export interface Loudness extends MeasuredLoudness {
  readonly gainDb: number
}

export interface LoudnessWindow {
  readonly startSeconds: number
  readonly seconds: number
}

/** Below this it is noise, or nothing: making it loud helps nobody. */
const SILENCE_LUFS = -60
/** More than this would bring up hiss and hum. */
const GAIN_DB_MAX = 20
/**
 * Sound up to this length is measured whole; of longer sound so many pieces, evenly spread, that come to it: a long film
 * is playable as early as a short one, and one gain holds from its first second to its last.
 */
const MEASURED_SECONDS_MAX = 64
const WINDOWS = 8

/** Which parts of the sound are measured. Times are the source's. */
export function loudnessWindows(originSeconds: number, durationSeconds: number): LoudnessWindow[] {
  if (durationSeconds <= MEASURED_SECONDS_MAX) return [{ startSeconds: originSeconds, seconds: durationSeconds }]
  const seconds = MEASURED_SECONDS_MAX / WINDOWS
  const stride = durationSeconds / WINDOWS
  return Array.from({ length: WINDOWS }, (_, at) => ({
    startSeconds: originSeconds + at * stride + (stride - seconds) / 2,
    seconds,
  }))
}

/**
 * One gain for the whole sound, dB in tenths: to the target, but no peak above its limit. Dynamics stay as they
 * are, so a sound with high peaks stays below the target rather than be pressed. 0 where there is nothing to be heard.
 */
export function loudnessGainDb(measured: MeasuredLoudness, target: LoudnessTarget): number {
  if (measured.lufs <= SILENCE_LUFS) return 0
  const wanted = Math.min(target.lufs - measured.lufs, target.truePeakDb - measured.truePeakDb, GAIN_DB_MAX)
  // Down, so that the peak stays below its limit. Never minus nought.
  return Math.floor(wanted * 10) / 10 + 0
}
