import type { VideoPlan } from '../../domain/plans.ts'
import { type Command, demuxerOf, flags, openOptions, runOptions, sourceUrl, stripOptions } from './command.ts'

/** The file that a text track is written to in the run's own folder. */
export function captionsFile(at: number): string {
  return `captions-${at}.vtt`
}

/** The command that writes each text track of a source as WebVTT, on the source's clock; pictures and sound are passed over. */
export function captionsCommand(source: string, plan: Pick<VideoPlan, 'matroska' | 'captions'>): Command {
  return {
    inputOptions: [...runOptions(), ...openOptions(source, demuxerOf(plan)), '-vn', '-an', '-copyts'],
    source: sourceUrl(source),
    outputs: (plan.captions ?? []).map(({ streamIndex }, at) => ({
      options: [...flags('-map', `0:${streamIndex}`), ...stripOptions, ...flags('-c:s', 'webvtt', '-f', 'webvtt')],
      target: captionsFile(at),
    })),
  }
}
