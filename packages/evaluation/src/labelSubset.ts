import * as CounterRandom from "@moco/core/CounterRandom"

/**
 * A part of the images with as many of each class, whose labels alone are given to a classifier (1 % or 10 %: Chen et al.
 * 2020, SimCLR, section 6). A smaller part of the same seed lies within a larger one.
 *
 * @param fraction  of all images, 0..1
 * @returns rows in rising order: of each class `fraction * N / numClasses`, rounded, at least one, and at most all
 */
export const labelSubset = (
  labels: ArrayLike<number>,
  numClasses: number,
  fraction: number,
  seed: number
): Int32Array => {
  const perClass = Math.max(1, Math.round((fraction * labels.length) / numClasses))
  const rowsOf: ReadonlyArray<Array<number>> = Array.from({ length: numClasses }, () => [])
  for (let row = 0; row < labels.length; row++) rowsOf[labels[row]!]!.push(row)
  const chosen = rowsOf.flatMap((rows, label) => {
    const random = CounterRandom.make(seed, CounterRandom.Purpose.labelSubset, label)
    const order = CounterRandom.permutation(random, rows.length)
    return Array.from(order.subarray(0, perClass), (place) => rows[place]!)
  })
  return Int32Array.from(chosen).sort()
}
