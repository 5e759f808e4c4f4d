/**
 * The k best of a row of similarities that arrives in parts: a heap whose root is the worst that is kept. Of equal
 * similarities the one of the lower index is better.
 */
interface NearestHeap {
  readonly similarities: Float32Array
  readonly indices: Int32Array
}

/** A heap of `size` places, all of them free. */
export const emptyHeap = (size: number): NearestHeap => ({
  similarities: new Float32Array(size).fill(Number.NEGATIVE_INFINITY),
  indices: new Int32Array(size).fill(-1)
})

/**
 * Takes `count` similarities in, those of the indices `first`, `first + 1`, ..., which must be above all that were taken
 * before.
 *
 * @throws RangeError when a similarity is NaN
 */
export const takeIn = (
  heap: NearestHeap,
  similarities: Float32Array,
  from: number,
  count: number,
  first: number
): void => {
  let worst = heap.similarities[0]!
  for (let at = 0; at < count; at++) {
    const similarity = similarities[from + at]!
    // One that is equal has a higher index, and is worse. Written so that NaN comes in here.
    if (similarity <= worst) continue
    if (Number.isNaN(similarity)) throw notFinite()
    sink(heap, heap.indices.length, similarity, first + at)
    worst = heap.similarities[0]!
  }
}

/**
 * Sorts what is kept, the best first; nothing can be taken in any more.
 *
 * @throws RangeError when fewer were taken in than the heap has places
 */
export const sortNearestFirst = (heap: NearestHeap): void => {
  if (heap.indices.includes(-1)) throw notFinite()
  for (let last = heap.indices.length - 1; last > 0; last--) {
    const [similarity, index] = [heap.similarities[last]!, heap.indices[last]!]
    heap.similarities[last] = heap.similarities[0]!
    heap.indices[last] = heap.indices[0]!
    sink(heap, last, similarity, index)
  }
}

const notFinite = () => new RangeError("a similarity is not finite, so there are no nearest neighbours")

/** Puts an entry in the place of the root of the first `size`, as far down as it belongs. */
const sink = ({ indices, similarities }: NearestHeap, size: number, similarity: number, index: number) => {
  let place = 0
  for (let child = 1; child < size; child = 2 * place + 1) {
    const right = child + 1
    if (
      right < size &&
      isWorse(similarities[right]!, indices[right]!, similarities[child]!, indices[child]!)
    ) {
      child = right
    }
    if (!isWorse(similarities[child]!, indices[child]!, similarity, index)) break
    similarities[place] = similarities[child]!
    indices[place] = indices[child]!
    place = child
  }
  similarities[place] = similarity
  indices[place] = index
}

const isWorse = (similarity: number, index: number, than: number, thanIndex: number): boolean =>
  similarity < than || (similarity === than && index > thanIndex)
