import { symmetricEigenvalues } from "./symmetricEigenvalues.ts"

/**
 * How many directions features make use of: by the singular values of the N x C matrix of features, as square roots of the
 * eigenvalues of its gram matrix in float64.
 */

/** Products of all pairs of columns, summed over rows: C x C, its upper half filled. */
interface Gram {
  readonly size: number
  readonly product_CC: Float64Array
}

/** The gram matrix of no rows. */
export const emptyGram = (size: number): Gram => ({ size, product_CC: new Float64Array(size * size) })

/**
 * Adds rows to a gram matrix, in place; about 1 s for 10,000 rows of 512, so long sets are given in parts.
 *
 * @param row_NC  row after row, each of `gram.size`
 */
export const addRows = ({ product_CC, size }: Gram, row_NC: Float32Array): void => {
  const numRows = row_NC.length / size
  // Four rows at a time: the sums are read and written a quarter as often. Rows beyond the last are zeros.
  const four = new Float64Array(4 * size)
  for (let row = 0; row < numRows; row += 4) {
    four.fill(0)
    four.set(row_NC.subarray(row * size, Math.min(numRows, row + 4) * size))
    for (let i = 0; i < size; i++) {
      const [a, b, c, d] = [four[i]!, four[size + i]!, four[2 * size + i]!, four[3 * size + i]!]
      for (let j = i; j < size; j++) {
        product_CC[i * size + j]! +=
          a * four[j]! + b * four[size + j]! + c * four[2 * size + j]! + d * four[3 * size + j]!
      }
    }
  }
}

/** Singular values of the rows that were added, largest first; the time grows with the cube of C. */
export const singularValues = ({ product_CC, size }: Gram): Float64Array => {
  // Its upper half is filled, and its lower half is read.
  const lower_CC = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) lower_CC[j * size + i] = product_CC[i * size + j]!
  }
  // One of a direction that is not used may come out below 0 in its last bits.
  return symmetricEigenvalues(lower_CC, size).map((value) => Math.sqrt(Math.max(0, value)))
}

/**
 * RankMe (Garrido et al. 2023, equation 2): `exp` of the entropy of the singular values as parts of their sum, each with
 * `epsilon` added. 1 where all features lie on a line, near min(N, C) where every direction is used as much.
 */
export const rankMe = (singular: Float64Array, epsilon = 1e-7): number => expEntropy(singular, epsilon)

/** Effective rank (Roy and Vetterli 2007, definition 1): the same without an epsilon; 0 ln 0 is 0. */
export const effectiveRank = (singular: Float64Array): number => expEntropy(singular, 0)

const expEntropy = (singular: Float64Array, epsilon: number): number => {
  const total = singular.reduce((sum, value) => sum + value, 0)
  let entropy = 0
  for (const value of singular) {
    const part = value / total + epsilon
    if (part > 0) entropy -= part * Math.log(part)
  }
  return Math.exp(entropy)
}

/**
 * How far features differ from image to image: the standard deviation of each dimension of unit rows, averaged (Chen and He
 * 2021, SimSiam, section 4.1). `1 / sqrt(C)` where they are spread evenly, 0 where they have collapsed.
 *
 * @param unit_NC  row after row, each of length 1
 */
export const featureDeviation = (unit_NC: Float32Array, size: number): number => {
  const numRows = unit_NC.length / size
  const sums = new Float64Array(size)
  const squares = new Float64Array(size)
  for (let row = 0; row < numRows; row++) {
    for (let i = 0; i < size; i++) sums[i]! += unit_NC[row * size + i]!
  }
  for (let row = 0; row < numRows; row++) {
    for (let i = 0; i < size; i++) squares[i]! += (unit_NC[row * size + i]! - sums[i]! / numRows) ** 2
  }
  return squares.reduce((sum, square) => sum + Math.sqrt(square / numRows), 0) / size
}
