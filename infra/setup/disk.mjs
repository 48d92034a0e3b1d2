// Whether a disk is as good as full. Asked after npm has run: on a full disk it has been
// seen to leave files out and still to end with status 0.
import { statfsSync } from 'node:fs'
import { SetupFault } from './fault.mjs'

const freeBytesMin = 32 * 1024 * 1024

export function isFull(dir, stat = statfsSync) {
  try {
    const { bavail, bsize } = stat(dir)
    return bavail * bsize < freeBytesMin
  } catch {
    return false
  }
}

export function refuseFullDisk(dir, log) {
  if (isFull(dir)) throw new SetupFault(`the disk is full (${dir}, log: ${log})`)
}
