import { EigenvalueDecomposition, Matrix } from "ml-matrix"

/** Rows in two dimensions. */
export interface Projection {
  /** One a row. */
  readonly points: ReadonlyArray<readonly [number, number]>
  /** Part of the variance that each dimension holds. */
  readonly explained: readonly [number, number]
}

/**
 * The two principal components of rows (Pearson 1901): those of the largest variance, in float64.
 *
 * A component's sign is free; it is chosen so that its largest weight is positive, which makes the picture the same again.
 *
 * @param row_NC  N rows of C numbers;  @param columns  C
 */
export const principalComponents = (row_NC: Float32Array, columns: number): Projection => {
  const rows = row_NC.length / columns
  const centred = centre(row_NC, columns)
  const { axes, variances } = axesOf(centred, rows, columns)
  const total = variances.reduce((sum, variance) => sum + Math.max(0, variance), 0)
  const shareOf = (component: number) => (total > 0 ? Math.max(0, variances[component] ?? 0) / total : 0)
  return {
    points: Array.from({ length: rows }, (_, row) => {
      const at = (axis: Float64Array | undefined) =>
        axis === undefined
          ? 0
          : axis.reduce((sum, weight, column) => sum + weight * centred[row * columns + column]!, 0)
      return [at(axes[0]), at(axes[1])] as const
    }),
    explained: [shareOf(0), shareOf(1)]
  }
}

const centre = (row_NC: Float32Array, columns: number): Float64Array => {
  const rows = row_NC.length / columns
  const mean_C = new Float64Array(columns)
  row_NC.forEach((value, at) => {
    mean_C[at % columns]! += value / rows
  })
  return Float64Array.from(row_NC, (value, at) => value - mean_C[at % columns]!)
}

/** The axes of the largest variances, and all variances, largest first. */
const axesOf = (centred: Float64Array, rows: number, columns: number) => {
  const all = new Matrix(
    Array.from({ length: rows }, (_, row) => [...centred.subarray(row * columns, (row + 1) * columns)])
  )
  const covariance = all.transpose().mmul(all).div(rows)
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(covariance, {
    assumeSymmetric: true
  })
  // Ascending.
  const axes = [columns - 1, columns - 2]
    .filter((column) => column >= 0)
    .map((column) => signed(Float64Array.from(eigenvectorMatrix.getColumn(column))))
  return { axes, variances: realEigenvalues.toReversed() }
}

const signed = (axis: Float64Array): Float64Array => {
  const largest = axis.reduce((best, weight) => (Math.abs(weight) > Math.abs(best) ? weight : best), 0)
  return largest < 0 ? axis.map((weight) => -weight) : axis
}
