/**
 * Random numbers without hidden state: a draw is a pure function of (seed, purpose, counter).
 *
 * Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). Because nothing is
 * carried from one draw to the next, a view never depends on batch order, and resuming needs integers only.
 */

/** What a stream of numbers is for; each purpose has its own key, so streams never overlap. */
export const Purpose = {
  encoderInit: 1,
  queueInit: 2,
  sampleOrder: 3,
  augmentation: 4,
  keyShuffle: 5,
  synthetic: 6,
  negatives: 7,
  bankInit: 8,
  redrawnNegatives: 9,
  heldBack: 10,
  bootstrap: 11,
  labelSubset: 12,
  probe: 13,
  clustering: 14,
  map: 30
} as const
export type Purpose = (typeof Purpose)[keyof typeof Purpose]

/** Draws in order from one stream. */
export interface CounterRandom {
  /** Uniform in [0, 1), 32 random bits. */
  readonly uniform: () => number
  /** Standard normal (Box-Muller on two uniforms). */
  readonly normal: () => number
  /** Uniform integer in 0..bound-1, without modulo bias beyond 2^-32 * bound. */
  readonly below: (bound: number) => number
}

const mulHigh = (a: number, b: number): number => {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const low = aLow * bLow
  const mid1 = aHigh * bLow + (low >>> 16)
  const mid2 = aLow * bHigh + (mid1 & 0xffff)
  // mid1 can exceed 32 bits, so its upper half is taken by division and not by a shift.
  return (aHigh * bHigh + Math.floor(mid1 / 0x10000) + Math.floor(mid2 / 0x10000)) >>> 0
}

/** One Philox 4x32-10 block: encrypts `counter` under `key` into `out` (four unsigned 32-bit words). */
export const philox4x32 = (
  counter: ArrayLike<number>,
  key: readonly [number, number],
  out: Uint32Array
): void => {
  let c0 = counter[0]! >>> 0
  let c1 = counter[1]! >>> 0
  let c2 = counter[2]! >>> 0
  let c3 = counter[3]! >>> 0
  let k0 = key[0] >>> 0
  let k1 = key[1] >>> 0
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, c0)
    const low0 = Math.imul(0xd2511f53, c0) >>> 0
    const high1 = mulHigh(0xcd9e8d57, c2)
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/**
 * The stream of `purpose` under `seed` at a position of up to three integers, e.g. (epoch, image index, view).
 *
 * @param seed  unsigned 32-bit integer
 */
export const make = (seed: number, purpose: Purpose, a = 0, b = 0, c = 0): CounterRandom => {
  const key = [seed, purpose] as const
  const counter = new Uint32Array([0, a, b, c])
  const block = new Uint32Array(4)
  let next = 4
  const word = (): number => {
    if (next === 4) {
      philox4x32(counter, key, block)
      counter[0]!++
      next = 0
    }
    return block[next++]!
  }
  const uniform = () => word() / 0x1_0000_0000
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    below: (bound) => Math.floor(uniform() * bound)
  }
}

/** A random order of 0..size-1 (Fisher-Yates). */
export const permutation = (random: CounterRandom, size: number): Int32Array => {
  const order = Int32Array.from({ length: size }, (_, index) => index)
  for (let last = size - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const swapped = order[last]!
    order[last] = order[other]!
    order[other] = swapped
  }
  return order
}

/** `size` standard normal numbers, scaled. */
export const normals = (random: CounterRandom, size: number, scale = 1): Float32Array => {
  // A loop: `Float32Array.from` takes half as long again, for the twenty million numbers of a ResNet.
  const values = new Float32Array(size)
  for (let index = 0; index < size; index++) values[index] = scale * random.normal()
  return values
}
