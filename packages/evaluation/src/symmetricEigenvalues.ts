/**
 * Eigenvalues of a symmetric matrix, largest first, in float64: Householder reflections to three diagonals (Golub and Van
 * Loan 2013, algorithm 8.3.1), then bisection by Sturm's counts (section 8.4.1). No eigenvectors are made, which is most of
 * what a decomposition costs.
 *
 * @param lower_CC  row after row; its lower half is read
 */
export const symmetricEigenvalues = (lower_CC: Float64Array, size: number): Float64Array => {
  const tridiagonal = tridiagonalOf(lower_CC.slice(), size)
  return bisected(tridiagonal)
}

interface Tridiagonal {
  readonly diagonal: Float64Array
  /** Squares of the entries beside it: that of place n is between n and n + 1. */
  readonly squared: Float64Array
}

/** Works in the matrix that it is given. */
const tridiagonalOf = (a: Float64Array, size: number): Tridiagonal => {
  const squared = new Float64Array(Math.max(0, size - 1))
  for (let column = 0; column < size - 1; column++) {
    const reflected = reflectionOf(a, size, column)
    squared[column] = reflected.squared
    if (reflected.v !== undefined) reflect(a, size, column + 1, reflected.v)
  }
  return { diagonal: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), squared }
}

/** The vector that a column below its diagonal is reflected by, onto its first entry; none where that is all there is. */
const reflectionOf = (a: Float64Array, size: number, column: number) => {
  const first = column + 1
  const v = new Float64Array(size)
  let [squared, rest] = [0, 0]
  for (let row = first; row < size; row++) {
    v[row] = a[row * size + column]!
    squared += v[row]! ** 2
    if (row > first) rest += v[row]! ** 2
  }
  if (rest === 0) return { v: undefined, squared }
  const sign = v[first]! < 0 ? -1 : 1
  v[first]! += sign * Math.sqrt(squared)
  return { v, squared }
}

/** `H A H` with `H = 1 - 2 v v' / v'v`, of the rows and columns from `first`; the lower half. */
const reflect = (a: Float64Array, size: number, first: number, v: Float64Array): void => {
  const p = new Float64Array(size)
  let length = 0
  for (let row = first; row < size; row++) {
    const start = row * size
    const own = v[row]!
    let sum = a[start + row]! * own
    for (let column = first; column < row; column++) {
      const entry = a[start + column]!
      sum += entry * v[column]!
      p[column]! += entry * own
    }
    p[row]! += sum
    length += own * own
  }
  const scale = 2 / length
  let along = 0
  for (let row = first; row < size; row++) {
    p[row]! *= scale
    along += p[row]! * v[row]!
  }
  for (let row = first; row < size; row++) p[row]! -= 0.5 * scale * along * v[row]!
  for (let row = first; row < size; row++) {
    const [own, other, start] = [v[row]!, p[row]!, row * size]
    for (let column = first; column <= row; column++) {
      a[start + column]! -= own * p[column]! + other * v[column]!
    }
  }
}

/** Each eigenvalue by halving what it lies in, from the circles of Gershgorin to the last bits of the largest. */
const bisected = (tridiagonal: Tridiagonal): Float64Array => {
  const size = tridiagonal.diagonal.length
  const [least, most] = boundsOf(tridiagonal)
  const tolerance = 2 * Number.EPSILON * Math.max(Math.abs(least), Math.abs(most))
  const values = new Float64Array(size)
  let top = most
  for (let place = 0; place < size; place++) {
    // The number of eigenvalues below the one that is looked for.
    const below = size - 1 - place
    let [low, high] = [least, top]
    while (high - low > tolerance) {
      const middle = (low + high) / 2
      if (middle === low || middle === high) break
      if (countBelow(tridiagonal, middle) > below) high = middle
      else low = middle
    }
    values[place] = (low + high) / 2
    top = high
  }
  // Those that are equal but for the last bit come in any order.
  return values.sort().reverse()
}

const boundsOf = ({ diagonal, squared }: Tridiagonal): readonly [number, number] => {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  diagonal.forEach((entry, i) => {
    const radius = Math.sqrt(squared[i - 1] ?? 0) + Math.sqrt(squared[i] ?? 0)
    least = Math.min(least, entry - radius)
    most = Math.max(most, entry + radius)
  })
  return [least, most]
}

/** How many eigenvalues lie below a number: the signs of the pivots of `T - x`. */
const countBelow = ({ diagonal, squared }: Tridiagonal, x: number): number => {
  let count = 0
  let pivot = 1
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i]! - x - (i === 0 ? 0 : squared[i - 1]! / pivot)
    if (pivot === 0) pivot = -1e-300
    if (pivot < 0) count++
  }
  return count
}
