import type { Lut } from './lut.ts'

/** A look as the text of .cube files (Adobe Cube LUT 1.0), which ffmpeg's lut3d and grading tools read. */
export interface Cubes {
  readonly centre: string
  /** Where it differs there. */
  readonly corners?: string
}

export function cubesOf(lut: Lut, title: string, raisedBy = 0): Cubes {
  const text = (values: Float32Array) => {
    const lines = [`TITLE "${title}"`, `LUT_3D_SIZE ${lut.size}`]
    for (let at = 0; at < values.length; at += 3)
      lines.push([...values.subarray(at, at + 3)].map((value) => (value + raisedBy).toFixed(6)).join(' '))
    return `${lines.join('\n')}\n`
  }
  return { centre: text(lut.values), ...(lut.corners ? { corners: text(lut.corners) } : {}) }
}

/** The same for ffmpeg's lut3d, which cuts fractions off: by half a step of 8 bits more it rounds. */
export function frameCubesOf(lut: Lut, title: string): Cubes {
  return cubesOf(lut, title, 0.5 / 255)
}
