/**
 * The two-sided critical value of Student's t: `|T| > t` has probability `1 - coverage`.
 *
 * For a whole number of degrees of freedom the distribution is a finite sum (Abramowitz and Stegun 1964, 26.7.3 and
 * 26.7.4), so nothing is approximated but the root, found by bisection.
 *
 * @param coverage  probability between -t and t, 0 to below 1, e.g. 0.95
 * @param degrees  degrees of freedom, a whole number of 1 or more
 */
export const criticalT = (coverage: number, degrees: number): number => {
  let low = 0
  let high = 1
  while (coverageOf(high, degrees) < coverage) high *= 2
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (coverageOf(middle, degrees) < coverage) low = middle
    else high = middle
  }
  return high
}

/** Probability that `|T| <= t`. */
const coverageOf = (t: number, degrees: number): number => {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const cosine = Math.cos(angle)
  const isOdd = degrees % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = degrees === 1 ? 0 : term
  for (let i = isOdd ? 3 : 2; i <= degrees - 2; i += 2) {
    term *= ((i - 1) / i) * cosine * cosine
    sum += term
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
}
