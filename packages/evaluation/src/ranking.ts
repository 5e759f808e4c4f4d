/**
 * Sorts many rows of one length, largest first, equal ones by their index: a radix sort by three digits of 11, 11 and 10
 * bits, whose arrays are made once.
 *
 * @returns the order of a row, which is the caller's until the next row is sorted
 */
export const makeRanking = (length: number): ((similarities: Float32Array) => Int32Array) => {
  let [from, to] = [new Int32Array(length), new Int32Array(length)]
  const key = new Uint32Array(length)
  const [low, middle, high] = [new Uint32Array(2048), new Uint32Array(2048), new Uint32Array(1024)]
  return (similarities) => {
    const bits = new Int32Array(similarities.buffer, similarities.byteOffset, length)
    for (const counts of [low, middle, high]) counts.fill(0)
    for (let at = 0; at < length; at++) {
      const value = descending(bits[at]!, similarities[at]!)
      key[at] = value
      low[value & mask]! += 1
      middle[(value >>> 11) & mask]! += 1
      high[value >>> 22]! += 1
      from[at] = at
    }
    for (const [counts, shift] of [
      [low, 0],
      [middle, 11],
      [high, 22]
    ] as const) {
      placeBy(key, shift, startsOf(counts), from, to)
      const swapped = from
      from = to
      to = swapped
    }
    return from
  }
}

const mask = 2047

/** A key that rises where the number falls: a float's bits are in its order once negative ones are turned round. */
const descending = (bits: number, value: number): number => {
  if (Number.isNaN(value)) throw new RangeError("a similarity is not finite, so there is no ranking")
  // 0 and -0 are equal, and their bits are not.
  const ordered = value === 0 ? 0x80000000 : bits < 0 ? ~bits : bits | 0x80000000
  return ~ordered >>> 0
}

const startsOf = (counts: Uint32Array): Uint32Array => {
  let before = 0
  for (let digit = 0; digit < counts.length; digit++) {
    const count = counts[digit]!
    counts[digit] = before
    before += count
  }
  return counts
}

const placeBy = (key: Uint32Array, shift: number, start: Uint32Array, from: Int32Array, to: Int32Array) => {
  for (let at = 0; at < from.length; at++) {
    const index = from[at]!
    to[start[(key[index]! >>> shift) & mask]!++] = index
  }
}
