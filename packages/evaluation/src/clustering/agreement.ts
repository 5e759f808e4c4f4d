/**
 * How far two ways of grouping the same images agree, whatever the groups are called.
 */

/** How often each pair of groups meets, by whole weights of the images. */
interface Contingency {
  readonly total: number
  readonly pairs: ReadonlyArray<number>
  readonly rows: Float64Array
  readonly columns: Float64Array
}

/** Groups are numbered 0, 1, ...; `counts` says how often an image stands (default: once each), for a bootstrap. */
const contingency = (a: ArrayLike<number>, b: ArrayLike<number>, counts?: ArrayLike<number>): Contingency => {
  const [numRows, numColumns] = [groupsOf(a), groupsOf(b)]
  const pair_RC = new Float64Array(numRows * numColumns)
  const rows = new Float64Array(numRows)
  const columns = new Float64Array(numColumns)
  let total = 0
  for (let image = 0; image < a.length; image++) {
    const count = counts === undefined ? 1 : counts[image]!
    pair_RC[a[image]! * numColumns + b[image]!]! += count
    rows[a[image]!]! += count
    columns[b[image]!]! += count
    total += count
  }
  return { total, pairs: Array.from(pair_RC), rows, columns }
}

const groupsOf = (groups: ArrayLike<number>): number => {
  let largest = -1
  for (let image = 0; image < groups.length; image++) largest = Math.max(largest, groups[image]!)
  return largest + 1
}

/** Entropy in nats of the parts that `counts` are of `total`. */
const entropy = (counts: Iterable<number>, total: number): number => {
  let sum = 0
  for (const count of counts) if (count > 0) sum -= (count / total) * Math.log(count / total)
  return sum
}

/**
 * Mutual information of two groupings over the mean of their entropies, 0..1 (scikit-learn's
 * `normalized_mutual_info_score` with arithmetic averaging).
 *
 * @param counts  how often each image stands (default: once each)
 * @returns 1 where both put all images into one group
 */
export const normalisedMutualInformation = (
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  counts?: ArrayLike<number>
): number => {
  const { columns, pairs, rows, total } = contingency(a, b, counts)
  const [entropyA, entropyB] = [entropy(rows, total), entropy(columns, total)]
  const mean = (entropyA + entropyB) / 2
  if (mean === 0) return 1
  const mutual = entropyA + entropyB - entropy(pairs, total)
  return Math.min(1, Math.max(0, mutual / mean))
}

/**
 * Part of the pairs of images on which two groupings agree, set to 0 at chance and to 1 where they are the same (Hubert and
 * Arabie 1985; scikit-learn's `adjusted_rand_score`).
 *
 * @param counts  how often each image stands (default: once each)
 */
export const adjustedRandIndex = (
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  counts?: ArrayLike<number>
): number => {
  const { columns, pairs, rows, total } = contingency(a, b, counts)
  const together = pairsWithin(pairs)
  const [inA, inB] = [pairsWithin(rows), pairsWithin(columns)]
  const expected = (inA * inB) / ((total * (total - 1)) / 2)
  const most = (inA + inB) / 2
  // Both put every image by itself, or all into one group.
  return most === expected || total < 2 ? 1 : (together - expected) / (most - expected)
}

const pairsWithin = (counts: Iterable<number>): number => {
  let sum = 0
  for (const count of counts) sum += (count * (count - 1)) / 2
  return sum
}
