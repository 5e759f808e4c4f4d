/**
 * The class with the most votes among the nearest neighbours, each voting exp(similarity / temperature).
 *
 * Votes are taken relative to the nearest neighbour's, exp((similarity - nearest) / temperature): the winner is the
 * same, the nearest neighbour's vote is 1 at any temperature above 0, and none overflows. A vote that underflows is 0
 * beside that 1, and could not have decided anything but a tie.
 *
 * @param indices  bank rows
 * @param similarities  cosine, in the order of `indices`; sorted or not
 * @returns the winning class; the lowest class number on a tie
 * @throws RangeError when a similarity is NaN or infinite, or there is none: no class would get a vote
 */
export const voteOfNeighbours = (
  indices: Int32Array,
  similarities: Float32Array,
  labels: ArrayLike<number>,
  temperature: number,
  numClasses: number
): number => {
  const votes = votesOfNeighbours(indices, similarities, labels, temperature, numClasses)
  let winner = 0
  for (let label = 1; label < numClasses; label++) if (votes[label]! > votes[winner]!) winner = label
  return winner
}

/** The votes for each class, as {@link voteOfNeighbours} counts them: relative to the nearest neighbour's. */
export const votesOfNeighbours = (
  indices: Int32Array,
  similarities: Float32Array,
  labels: ArrayLike<number>,
  temperature: number,
  numClasses: number
): Float64Array => {
  // Not the first: a library's order of equal or nearly equal numbers is its own affair.
  const nearest = similarities.reduce(
    (largest, similarity) => Math.max(largest, similarity),
    Number.NEGATIVE_INFINITY
  )
  // A maximum is NaN where one of its numbers is.
  if (!Number.isFinite(nearest)) {
    throw new RangeError("a similarity to a neighbour is not finite, so there is no vote")
  }
  const votes = new Float64Array(numClasses)
  for (let place = 0; place < indices.length; place++) {
    votes[labels[indices[place]!]!]! += Math.exp((similarities[place]! - nearest) / temperature)
  }
  return votes
}
