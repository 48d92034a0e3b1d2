// Which tools belong together. The order within a lane is the order of installation.
import { chromium, exiftool, fio, vipsthumbnail } from './tools/apt-programs.mjs'
import { ffmpeg } from './tools/ffmpeg.mjs'
import { compose, minio, temporalUi, versitygw } from './tools/go-programs.mjs'
import { java, kafka } from './tools/kafka.mjs'
import { postgres } from './tools/postgres.mjs'
import { temporal } from './tools/temporal.mjs'
import { temporalServer } from './tools/temporal-server.mjs'
import { varnish, varnishXkey } from './tools/varnish.mjs'

const embedded = [postgres, temporal, ffmpeg, java, kafka]
const stack = [...embedded, temporalServer, temporalUi, minio, varnish, varnishXkey]
const bench = [...embedded, fio, vipsthumbnail, minio]

export const toolsets = {
  base: [],
  unit: [ffmpeg],
  embedded,
  stack,
  bench,
  all: [...new Set([...stack, ...bench, versitygw, exiftool, chromium, compose])],
}

/** What set-up may be asked for: sets, then single tools. */
export const toolNames = [...Object.keys(toolsets), ...toolsets.all.map(({ name }) => name)]

/** Tools of the named sets or of single names, each once; undefined for a name that is neither. */
export function toolsNamed(names) {
  const chosen = names.map((name) => toolsets[name] ?? toolsets.all.filter((tool) => tool.name === name))
  return chosen.some((tools, i) => tools.length === 0 && names[i] !== 'base') ? undefined : [...new Set(chosen.flat())]
}
