/**
 * The class with the most votes among the nearest neighbours, each voting exp(similarity / temperature).
 *
 * @param indices  bank rows, nearest first
 * @param similarities  cosine, in the order of `indices`
 * @returns the winning class; the lowest class number on a tie
 */
export const voteOfNeighbours = (
  indices: Int32Array,
  similarities: Float32Array,
  labels: Uint8Array,
  temperature: number,
  numClasses: number
): number => {
  const votes = new Float64Array(numClasses)
  for (let place = 0; place < indices.length; place++) {
    votes[labels[indices[place]!]!]! += Math.exp(similarities[place]! / temperature)
  }
  let winner = 0
  for (let label = 1; label < numClasses; label++) if (votes[label]! > votes[winner]!) winner = label
  return winner
}
