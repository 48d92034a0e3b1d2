import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { engineFolder } from './folders.ts'
import { engineLimits } from './limits.ts'
import { checkPort } from './ports.ts'
import { get } from './probes.ts'
import type { Engine, Supervisor } from './supervisor.ts'
import { render } from './templates.ts'
import { need, type Tools } from './tools.ts'
import { chooseUnprivileged, withoutRoot } from './unprivileged.ts'

const title = 'Varnish'

export interface VarnishEdge {
  readonly url: string
  readonly engine: Engine
  stop(): Promise<void>
}

export interface VarnishOptions {
  readonly supervisor: Supervisor
  readonly tools: Tools
  readonly port: number
  /** A VCL file in which `@ORIGIN_HOST@` and `@ORIGIN_PORT@` are filled in. */
  readonly vcl: string
  readonly origin: { readonly host: string; readonly port: number }
  /** Further `-p name=value` parameters. */
  readonly parameters?: Readonly<Record<string, string | number>>
  /** Tells apart several edges of one data folder. */
  readonly name?: string
}

/**
 * Starts a Varnish edge in front of an origin. The origin may start later. ENGINE_MISSING, ENGINE_FAILED (also for a VCL
 * that Varnish does not take, with its reason), PORT_IN_USE, STORAGE_FULL.
 */
export async function startVarnish(options: VarnishOptions): Promise<VarnishEdge> {
  const { supervisor, tools, port, origin, name = 'varnish' } = options
  const command = need(tools, 'varnishd')
  await checkPort(port, title)
  const folder = engineFolder(supervisor.home, name)
  const vcl = join(folder, 'edge.vcl')
  writeFileSync(vcl, render(readFileSync(options.vcl, 'utf8'), { ORIGIN_HOST: origin.host, ORIGIN_PORT: origin.port }))
  const way = chooseUnprivileged({ title, folder, program: command, users: ['varnish', 'vcache', 'nobody'] })
  // The jail of Varnish wants root, which is what it does not get here.
  const args = [
    '-F',
    '-j',
    'none',
    '-n',
    join(folder, 'work'),
    '-a',
    `127.0.0.1:${port}`,
    '-T',
    '127.0.0.1:0',
    '-f',
    vcl,
    '-s',
    `malloc,${engineLimits.varnishMemoryMb}m`,
  ]
  for (const [parameter, value] of Object.entries(options.parameters ?? {})) args.push('-p', `${parameter}=${value}`)
  const url = `http://127.0.0.1:${port}`
  const engine = await supervisor.start({
    ...withoutRoot({ name, title, command, args, cwd: folder }, way),
    // Any answer at all: what it says is the VCL's affair, and the origin may not be there yet.
    ready: async () => (await get(`${url}/`)) !== null,
  })
  return { url, engine, stop: engine.stop }
}
