import { servedFiles } from './files.ts'
import { lintDash } from './lint-dash.ts'
import { lintHls } from './lint-hls.ts'

/** The faults of a finished video as it is served, through HLS and through DASH. */
export async function lintItem({ hls, dash }: { readonly hls?: string; readonly dash?: string }): Promise<string[]> {
  if (hls === undefined || dash === undefined) return ['no playlist or no manifest']
  const files = servedFiles()
  return [...(await lintHls(hls, files)), ...(await lintDash(dash, files))]
}
