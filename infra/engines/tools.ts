import { isAbsolute } from 'node:path'
import { MediaError } from '../../domain/errors.ts'

/** Tools that are files: what set-up calls each, and which of its tools (as named in `missing`) brings it. */
const toolOf = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  postgresBin: 'postgres',
  temporal: 'temporal',
  temporalServer: 'temporal-server',
  temporalSqlTool: 'temporal-server',
  temporalSchema: 'temporal-server',
  temporalUi: 'temporal-ui-server',
  java: 'java',
  kafkaLib: 'kafka',
  minio: 'minio',
  versitygw: 'versitygw',
  varnishd: 'varnish',
  chromium: 'chromium',
  exiftool: 'exiftool',
  fio: 'fio',
  vipsthumbnail: 'vipsthumbnail',
  compose: 'compose',
} as const

export type ToolName = keyof typeof toolOf

export interface MissingTool {
  readonly tool: string
  readonly sentence: string
}

/** Absolute paths of what set-up found, and one sentence for each tool that it could not get. */
export type Tools = { readonly [K in ToolName]?: string } & { readonly missing: readonly MissingTool[] }

const toolNames = Object.keys(toolOf) as ToolName[]

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function missingOf(value: unknown): MissingTool[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new Error('DARKROOM_TOOLS: missing is not a list')
  return value.map((row) => {
    if (!isRecord(row) || typeof row.tool !== 'string' || typeof row.sentence !== 'string') {
      throw new Error('DARKROOM_TOOLS: an entry of missing has no tool or no sentence')
    }
    return { tool: row.tool, sentence: row.sentence }
  })
}

/**
 * The typed form of the JSON that set-up hands over. Nothing at all means that no tool is there.
 * Unknown entries are passed over: set-up may know more than we use. Throws Error when it is not what set-up writes.
 */
export function parseTools(json: string | undefined): Tools {
  if (json === undefined || json === '') return { missing: [] }
  const value: unknown = JSON.parse(json)
  if (!isRecord(value)) throw new Error('DARKROOM_TOOLS is not an object')
  const paths: { [K in ToolName]?: string } = {}
  for (const name of toolNames) {
    const path = value[name]
    if (path === undefined) continue
    if (typeof path !== 'string' || !isAbsolute(path)) throw new Error(`DARKROOM_TOOLS: ${name} is not an absolute path`)
    paths[name] = path
  }
  return { ...paths, missing: missingOf(value.missing) }
}

/** The path of a tool. ENGINE_MISSING with set-up's own sentence where there is one. */
export function need(tools: Tools, name: ToolName): string {
  const path = tools[name]
  if (path !== undefined) return path
  const row = tools.missing.find(({ tool }) => tool === toolOf[name] || tool === name)
  throw new MediaError('ENGINE_MISSING', row?.sentence ?? `${toolOf[name]} is not installed: run npm run setup.`, {
    facts: { tool: toolOf[name] },
  })
}
