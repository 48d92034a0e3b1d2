import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where programs are looked for. */
export const programPath = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin'
const bare = ['env', '-i', `PATH=${programPath}`, 'LANG=C.UTF-8']

/**
 * What goes before a program's name to keep it on a leash: `prlimit` bounds its address space, and `setpriv`
 * has the kernel kill it when the process that started it dies, however abruptly (ffmpeg itself takes no
 * notice of a closed stdin or stderr). Each execs the next, so a signal reaches ffmpeg itself. Without those two
 * (they are util-linux's) a child outlives a killed parent until its input ends. `env -i` takes away our environment in
 * any case: it holds keys, and what follows decodes bytes that nobody vouches for.
 */
export async function leashFor(addressBytesMax: number): Promise<readonly string[]> {
  const leash = ['prlimit', `--as=${addressBytesMax}`, 'setpriv', '--pdeathsig', 'KILL']
  const [program = '', ...args] = leash
  try {
    await run(program, [...args, 'true'], { timeout: 5_000, env: { PATH: programPath } })
    return [...leash, ...bare]
  } catch {
    return bare
  }
}

/** Whether this ffmpeg has zimg, to scale by and, with `tonemap`, to tone-map: Debian's has, small builds lack it. Rejects where it does not say. */
export async function hasZscale(ffmpeg: string): Promise<boolean> {
  const settings = { timeout: 10_000, maxBuffer: 4 * 1024 ** 2, env: { PATH: programPath } }
  const { stdout } = await run(ffmpeg, ['-hide_banner', '-filters'], settings)
  return / zscale /.test(stdout) && / tonemap /.test(stdout)
}
