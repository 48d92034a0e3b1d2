import { type LoudnessWindow, type MeasuredLoudness } from '../../domain/loudness.ts'
import type { VideoPlan } from '../../domain/plans.ts'
import { soundFilters } from './audio-command.ts'
import { type Command, flags, knownOptions, runOptions, secondsText, sourceUrl } from './command.ts'

export const LOUDNESS_FILE = 'loudness.txt'

/** The command that measures some windows of the sound, as it will be encoded, as if they were one: values go to a file, ten times a second. */
export function loudnessCommand(source: string, plan: VideoPlan, windows: readonly LoudnessWindow[]): Command {
  const { audio } = plan
  if (!audio) throw new Error('a plan without audio')
  const input = ({ startSeconds, seconds }: LoudnessWindow) => [
    ...knownOptions(source, plan),
    ...flags('-threads', '1', '-vn', '-sn', '-seek_timestamp', '1', '-ss', secondsText(startSeconds), '-t', secondsText(seconds)),
  ]
  const [first, ...more] = windows
  if (!first) throw new Error('no window to measure')
  const parts = windows.map((_, at) => `[${at}:${audio.streamIndex}]${soundFilters.join(',')}[w${at}]`)
  const joined = `${windows.map((_, at) => `[w${at}]`).join('')}concat=n=${windows.length}:v=0:a=1`
  const measured = `ebur128=peak=true:metadata=1:framelog=verbose,ametadata=mode=print:file=${LOUDNESS_FILE}`
  return {
    inputOptions: [...runOptions(), ...input(first)],
    source: sourceUrl(source),
    moreInputs: more.map((window) => ({ options: input(window), source: sourceUrl(source) })),
    outputs: [
      {
        options: flags('-filter_complex', `${[...parts, `${joined},${measured}`].join(';')}[measured]`, '-map', '[measured]', '-f', 'null'),
        target: '-',
      },
    ],
  }
}

/** What the last of the values say; null where there was no sound, or too little to be measured. `text` may begin anywhere. */
export function readLoudness(text: string): MeasuredLoudness | null {
  const valuesOf = (name: string) =>
    [...text.matchAll(new RegExp(`^lavfi\\.r128\\.${name}=(-?[0-9.]+)$`, 'gm'))].map(([, value]) => Number(value))
  const lufs = valuesOf('I').at(-1)
  const peak = Math.max(0, ...valuesOf('true_peaks_ch\\d+'))
  // The whole scale is 0 dB; nothing at all is told as 0.
  return lufs === undefined ? null : { lufs, truePeakDb: peak > 0 ? Math.round(2_000 * Math.log10(peak)) / 100 : -100 }
}
