/**
 * The t that a Student variable stays within, on both sides of 0, with probability `level`.
 *
 * With a whole number of degrees of freedom the probability is a finite sum (Abramowitz and Stegun 1964, 26.7.3 and
 * 26.7.4); its inverse is found by halving.
 *
 * @param level  above 0 and below 1, e.g. 0.95
 * @param degrees  degrees of freedom, a whole number of 1 or more
 */
export const studentT = (level: number, degrees: number): number => {
  let [below, above] = [0, 1]
  while (within(above, degrees) < level) above *= 2
  for (let halving = 0; halving < 80; halving++) {
    const middle = (below + above) / 2
    if (within(middle, degrees) < level) below = middle
    else above = middle
  }
  return above
}

/** Probability of -t..t. */
const within = (t: number, degrees: number): number => {
  const angle = Math.atan2(t, Math.sqrt(degrees))
  const squaredCosine = Math.cos(angle) ** 2
  const parity = degrees % 2
  let [term, sum] = [parity === 1 ? Math.cos(angle) : 1, 0]
  for (let power = parity; power <= degrees - 2; power += 2) {
    sum += term
    term *= ((power + 1) / (power + 2)) * squaredCosine
  }
  const even = Math.sin(angle) * sum
  return parity === 1 ? (2 / Math.PI) * (angle + even) : even
}
