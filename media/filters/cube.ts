import type { Filter } from './filter.ts'
import { lutOf } from './lut.ts'

/** A filter as the text of a .cube file (Adobe Cube LUT 1.0), which ffmpeg's lut3d and grading tools read. */
export function cubeOf(filter: Filter, size = 33): string {
  const { values } = lutOf(filter, size)
  const lines = [`TITLE "${filter.title}"`, `LUT_3D_SIZE ${size}`]
  for (let at = 0; at < values.length; at += 3) lines.push([...values.subarray(at, at + 3)].map((value) => value.toFixed(6)).join(' '))
  return `${lines.join('\n')}\n`
}
