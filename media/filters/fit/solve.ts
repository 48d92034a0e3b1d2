/** Sums of a least-squares problem with three right-hand sides, to which samples are added one by one. */
export interface Sums {
  readonly size: number
  /** Lower triangle of the normal matrix, row by row. */
  readonly matrix: Float64Array
  readonly sides: readonly [Float64Array, Float64Array, Float64Array]
}

export function createSums(size: number): Sums {
  return { size, matrix: new Float64Array(size * size), sides: [new Float64Array(size), new Float64Array(size), new Float64Array(size)] }
}

export function addSample({ size, matrix, sides }: Sums, terms: Float64Array, red: number, green: number, blue: number): void {
  const [reds, greens, blues] = sides
  for (let row = 0; row < size; row++) {
    const term = terms[row] as number
    if (term === 0) continue
    for (let column = 0; column <= row; column++) (matrix[row * size + column] as number) += term * (terms[column] as number)
    ;(reds[row] as number) += term * red
    ;(greens[row] as number) += term * green
    ;(blues[row] as number) += term * blue
  }
}

export function addSums(to: Sums, from: Sums): void {
  for (const [index, value] of from.matrix.entries()) (to.matrix[index] as number) += value
  for (const [side, values] of from.sides.entries())
    for (const [index, value] of values.entries()) ((to.sides[side] as Float64Array)[index] as number) += value
}

/**
 * The coefficients of a channel, drawn by `pull` per coefficient towards `rest` (ridge regression): what no sample speaks
 * of then stays as it was. By Cholesky's decomposition.
 */
export function solve(sums: Sums, channel: number, pull: readonly number[], rest: readonly number[]): number[] {
  const side = sums.sides[channel] ?? []
  const { size } = sums
  const lower = sums.matrix.slice()
  const at = (row: number, column: number) => lower[row * size + column] as number
  for (let row = 0; row < size; row++) {
    ;(lower[row * size + row] as number) += pull[row] ?? 0
    for (let column = 0; column <= row; column++) {
      let sum = at(row, column)
      for (let k = 0; k < column; k++) sum -= at(row, k) * at(column, k)
      lower[row * size + column] = row === column ? Math.sqrt(sum) : sum / at(column, column)
    }
  }
  const x = Array.from(side, (value, index) => value + (pull[index] ?? 0) * (rest[index] ?? 0))
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < row; k++) (x[row] as number) -= at(row, k) * (x[k] as number)
    ;(x[row] as number) /= at(row, row)
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let k = row + 1; k < size; k++) (x[row] as number) -= at(k, row) * (x[k] as number)
    ;(x[row] as number) /= at(row, row)
  }
  return x
}
