/** At most so many points and the last one, evenly taken: a chart shows no more than it has pixels. */
export const thinned = <P>(points: ReadonlyArray<P>, most: number): ReadonlyArray<P> => {
  const every = Math.max(1, Math.ceil(points.length / most))
  return points.filter((_, i) => i % every === 0 || i === points.length - 1)
}
