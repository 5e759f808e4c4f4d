/** Rows in two dimensions. */
interface Projection {
  /** One a row. */
  readonly points: ReadonlyArray<readonly [number, number]>
  /** Part of the variance that each dimension holds. */
  readonly explained: readonly [number, number]
}

/**
 * The two principal components of rows (Pearson 1901): those of the largest variance, in float64, by power iteration and
 * deflation, so that what it costs grows with the rows alone and never with the square of their length.
 *
 * A component's sign is free; it is chosen so that its largest weight is positive, which makes the picture the same again.
 *
 * @param row_NC  N rows of C numbers;  @param columns  C
 */
export const principalComponents = (row_NC: Float32Array, columns: number): Projection => {
  const rows = row_NC.length / columns
  const centred = centre(row_NC, columns)
  const total = squaredLength(centred) / rows
  const left = centred.slice()
  const components = [0, 1].map(() => {
    const axis = signed(largestAxis(left, columns))
    const along = Float64Array.from({ length: rows }, (_, row) => product(left, row * columns, axis))
    remove(left, along, axis)
    return { along, variance: squaredLength(along) / rows }
  })
  const [first, second] = components as [(typeof components)[0], (typeof components)[0]]
  // What is smaller than the last bits of the whole is none of it.
  const shareOf = ({ variance }: { readonly variance: number }) =>
    total > 0 && variance > 1e-14 * total ? variance / total : 0
  return {
    points: Array.from({ length: rows }, (_, row) => [first.along[row]!, second.along[row]!] as const),
    explained: [shareOf(first), shareOf(second)]
  }
}

const maxIterations = 500
/** Change of a unit axis below which it is found. */
const tolerance = 1e-12

/** The unit vector along which rows vary most; zeros where they do not vary. */
const largestAxis = (centred: Float64Array, columns: number): Float64Array => {
  const rows = centred.length / columns
  let axis = unit(longestRow(centred, columns))
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const next = new Float64Array(columns)
    for (let row = 0; row < rows; row++) {
      const along = product(centred, row * columns, axis)
      for (let column = 0; column < columns; column++)
        next[column]! += along * centred[row * columns + column]!
    }
    const moved = unit(next)
    const change = moved.reduce((sum, value, column) => sum + (value - axis[column]!) ** 2, 0)
    axis = moved
    if (change < tolerance ** 2) break
  }
  return axis
}

/** Some direction that the rows have: they are never all at right angles to it. */
const longestRow = (centred: Float64Array, columns: number): Float64Array => {
  let longest = centred.subarray(0, columns)
  for (let start = 0; start < centred.length; start += columns) {
    const row = centred.subarray(start, start + columns)
    if (squaredLength(row) > squaredLength(longest)) longest = row
  }
  return longest
}

const product = (values: Float64Array, start: number, axis: Float64Array): number => {
  let sum = 0
  for (let column = 0; column < axis.length; column++) sum += values[start + column]! * axis[column]!
  return sum
}

const remove = (values: Float64Array, along: Float64Array, axis: Float64Array): void =>
  along.forEach((length, row) => {
    for (let column = 0; column < axis.length; column++)
      values[row * axis.length + column]! -= length * axis[column]!
  })

const squaredLength = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0)

const unit = (vector: Float64Array): Float64Array => {
  const length = Math.sqrt(squaredLength(vector))
  return length > 0 ? vector.map((value) => value / length) : new Float64Array(vector.length)
}

const centre = (row_NC: Float32Array, columns: number): Float64Array => {
  const rows = row_NC.length / columns
  const mean_C = new Float64Array(columns)
  row_NC.forEach((value, at) => {
    mean_C[at % columns]! += value / rows
  })
  return Float64Array.from(row_NC, (value, at) => value - mean_C[at % columns]!)
}

const signed = (axis: Float64Array): Float64Array => {
  const largest = axis.reduce((best, weight) => (Math.abs(weight) > Math.abs(best) ? weight : best), 0)
  return largest < 0 ? axis.map((weight) => -weight) : axis
}
