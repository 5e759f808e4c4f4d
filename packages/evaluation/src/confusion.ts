/**
 * How often images of each class were taken for each class.
 *
 * @returns `counts[label][prediction]`; its diagonal are the images that were told rightly
 */
export const confusion = (
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  numClasses: number
): ReadonlyArray<Int32Array> => {
  const counts = Array.from({ length: numClasses }, () => new Int32Array(numClasses))
  for (let image = 0; image < labels.length; image++) {
    counts[labels[image]!]![predictions[image]!]! += 1
  }
  return counts
}
