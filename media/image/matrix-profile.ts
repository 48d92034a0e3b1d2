import { textAt } from '../../domain/bytes.ts'
import { viewOf } from './header-parts.ts'

/** Rows of three. */
export type Matrix = readonly number[]

/** An RGB profile of three curves and a matrix (ICC.1, section 8.3.2), as cameras and editors write it. */
export interface MatrixProfile {
  /** To linear light, 0..1 both ways. */
  readonly curves: readonly [Curve, Curve, Curve]
  /** From linear light of the profile to XYZ under D50. */
  readonly toXyz: Matrix
}

type Curve = (value: number) => number

const PRIMARIES = ['rXYZ', 'gXYZ', 'bXYZ'] as const
const CURVES = ['rTRC', 'gTRC', 'bTRC'] as const
const TAGS_MAX = 64
/** Parameters of each type of parametric curve (section 10.18). */
const PARAMETERS = [1, 3, 4, 5, 7] as const

/** The profile of an ICC file, or null where it is of another kind, damaged, or has tables that go before the matrix. */
export function matrixProfileOf(icc: Uint8Array): MatrixProfile | null {
  if (icc.length < 132 || textAt(icc, 16, 4) !== 'RGB ' || textAt(icc, 20, 4) !== 'XYZ ') return null
  const view = viewOf(icc)
  const tags = new Map<string, Uint8Array>()
  for (let index = 0; index < Math.min(TAGS_MAX, view.getUint32(128)) && 144 + 12 * index <= icc.length; index++) {
    const [offset, length] = [view.getUint32(136 + 12 * index), view.getUint32(140 + 12 * index)]
    tags.set(textAt(icc, 132 + 12 * index, 4), icc.subarray(offset, offset + length))
  }
  if (tags.has('A2B0')) return null
  const columns = PRIMARIES.map((name) => columnOf(tags.get(name)))
  const [red, green, blue] = CURVES.map((name) => curveOf(tags.get(name)))
  if (!red || !green || !blue || columns.some((column) => column === null)) return null
  return { curves: [red, green, blue], toXyz: [0, 1, 2].flatMap((row) => columns.map((column) => column?.[row] ?? 0)) }
}

function columnOf(tag: Uint8Array | undefined): readonly number[] | null {
  if (!tag || tag.length < 20 || textAt(tag, 0, 4) !== 'XYZ ') return null
  const view = viewOf(tag)
  return [8, 12, 16].map((at) => view.getInt32(at) / 65_536)
}

/** `curv` and `para` (sections 10.6 and 10.18). */
function curveOf(tag: Uint8Array | undefined): Curve | null {
  if (!tag || tag.length < 12) return null
  const view = viewOf(tag)
  if (textAt(tag, 0, 4) === 'para') return parametric(view, tag.length)
  const count = view.getUint32(8)
  if (textAt(tag, 0, 4) !== 'curv' || count > 65_536 || 12 + 2 * count > tag.length) return null
  if (count === 0) return (value) => value
  if (count === 1) {
    const gamma = view.getUint16(12) / 256
    return (value) => value ** gamma
  }
  return (value) => {
    const at = value * (count - 1)
    const below = Math.min(count - 2, Math.floor(at))
    const [low, high] = [view.getUint16(12 + 2 * below), view.getUint16(14 + 2 * below)]
    return (low + (high - low) * (at - below)) / 65_535
  }
}

function parametric(view: DataView, length: number): Curve | null {
  const type = view.getUint16(8)
  const count = PARAMETERS[type]
  if (count === undefined || length < 12 + 4 * count) return null
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: count },
    (_, index) => view.getInt32(12 + 4 * index) / 65_536,
  )
  if (type === 0) return (value) => value ** g
  const power = (value: number) => Math.max(0, a * value + b) ** g
  if (type === 1) return (value) => (value >= -b / a ? power(value) : 0)
  if (type === 2) return (value) => (value >= -b / a ? power(value) + c : c)
  return (value) => (value >= d ? power(value) + e : c * value + f)
}

export function multiplied(one: Matrix, other: Matrix): Matrix {
  const at = (matrix: Matrix, row: number, column: number) => matrix[3 * row + column] ?? 0
  return Array.from({ length: 9 }, (_, index) => {
    const [row, column] = [Math.floor(index / 3), index % 3]
    return at(one, row, 0) * at(other, 0, column) + at(one, row, 1) * at(other, 1, column) + at(one, row, 2) * at(other, 2, column)
  })
}

/** By cofactors; of the matrices of real primaries, which always have one. */
export function inverse([a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0]: Matrix): Matrix {
  const [x, y, z] = [e * i - f * h, f * g - d * i, d * h - e * g]
  const determinant = a * x + b * y + c * z
  return [x, c * h - b * i, b * f - c * e, y, a * i - c * g, c * d - a * f, z, b * g - a * h, a * e - b * d].map(
    (value) => value / determinant,
  )
}
