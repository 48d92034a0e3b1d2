import { parseTools } from '../infra/engines/tools.ts'
import { text } from './settings.ts'

/** The programs that decode and encode media: FFMPEG and FFPROBE, else what setup has found, else what is on PATH. */
export function mediaPrograms(env: NodeJS.ProcessEnv): { readonly ffmpeg: string; readonly ffprobe: string } {
  const tools = parseTools(env['DARKROOM_TOOLS'])
  return { ffmpeg: text(env, 'FFMPEG', tools.ffmpeg ?? 'ffmpeg'), ffprobe: text(env, 'FFPROBE', tools.ffprobe ?? 'ffprobe') }
}
