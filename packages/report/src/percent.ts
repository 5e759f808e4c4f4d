/** Twelve digits are right in every product of doubles; the ones behind them are rounding. */
const digits = 12

/**
 * A fraction in %, with one digit: 0.7715 is 77.2, though 100 * 0.7715 is a little less than 77.15 in doubles. Accuracies
 * have few digits and often end in a 5, so that tables of one run would differ in their last one.
 */
export const percent = (fraction: number): string => {
  const tenths = Math.round(Number((1000 * fraction).toPrecision(digits)))
  return (tenths / 10).toFixed(1)
}
