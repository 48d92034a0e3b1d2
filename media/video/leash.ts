import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * What goes before a program's name to keep it on a leash: `prlimit` bounds its address space, and `setpriv`
 * has the kernel kill it when the process that started it dies, however abruptly (ffmpeg itself takes no
 * notice of a closed stdin or stderr). Both exec the next, so a signal reaches ffmpeg itself. Without them
 * (they are util-linux's) the list is empty: a child then outlives a killed parent until its input ends.
 */
export async function leashFor(addressBytesMax: number): Promise<readonly string[]> {
  const leash = ['prlimit', `--as=${addressBytesMax}`, 'setpriv', '--pdeathsig', 'KILL']
  const [program = '', ...args] = leash
  try {
    await run(program, [...args, 'true'], { timeout: 5_000 })
    return leash
  } catch {
    return []
  }
}

/** Whether this ffmpeg can tone-map: Debian's can, small builds lack zscale. */
export async function hasZscale(ffmpeg: string): Promise<boolean> {
  try {
    const { stdout } = await run(ffmpeg, ['-hide_banner', '-filters'], { timeout: 10_000, maxBuffer: 4 * 1024 ** 2 })
    return / zscale /.test(stdout) && / tonemap /.test(stdout)
  } catch {
    return false
  }
}
