import * as CounterRandom from "@moco/core/CounterRandom"

/** A stream of its own for every proof, and for every case of it, so that one can be repeated alone. */
export const randomOf = (seed: number, proof: number, index = 0): CounterRandom.CounterRandom =>
  CounterRandom.make(seed, CounterRandom.Purpose.synthetic, proof, index)

/** A whole number of `low` to `high`, both included. */
export const between = (random: CounterRandom.CounterRandom, low: number, high: number): number =>
  low + random.below(high - low + 1)
