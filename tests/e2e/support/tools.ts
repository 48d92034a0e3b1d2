import { parseTools, type ToolName, type Tools } from '../../../infra/engines/tools.ts'

export const tools: Tools = parseTools(process.env['DARKROOM_TOOLS'])

/** Why a test that needs these tools cannot run here, or false. Where every server is required it is an error instead. */
export function missing(...names: ToolName[]): string | false {
  const absent = names.filter((name) => tools[name] === undefined)
  if (absent.length === 0) return false
  const sentence = `not installed: ${absent.join(', ')}`
  if (process.env['DARKROOM_REQUIRE_ALL'] === '1') throw new Error(sentence)
  return sentence
}
