import * as CounterRandom from "@moco/core/CounterRandom"
import { criticalT } from "./studentT.ts"

/** Where a figure lies, with the probability that was asked for. */
interface Interval {
  readonly low: number
  readonly high: number
}

interface Level {
  /** Probability that the interval is to cover, 0..1 (default: 0.95). */
  readonly level?: number
}

interface BootstrapOptions extends Level {
  /** How often as many rows are drawn again (default: 1000). */
  readonly resamples?: number
  /** Unsigned 32-bit integer; resamples of one seed are the same rows, whatever is measured on them. */
  readonly seed: number
}

/**
 * The percentile bootstrap of a mean over images (Efron 1979; Efron and Tibshirani 1993, section 13.3).
 *
 * @param values  one for each test image: 0 or 1 for an accuracy, or any number
 */
export const meanInterval = (values: ArrayLike<number>, options: BootstrapOptions): Interval => {
  // A copy: one type of array, whatever is given.
  const value_N = Float64Array.from(values)
  if (value_N.every((value) => value === 0 || value === 1)) return accuracyInterval(value_N, options)
  const rows = new Int32Array(value_N.length)
  return bootstrap(options, (resample) => {
    drawRows(options.seed, resample, rows)
    let sum = 0
    for (let at = 0; at < rows.length; at++) sum += value_N[rows[at]!]!
    return sum / rows.length
  })
}

/** Of an accuracy: how many of the rows that are drawn again are 1 is binomial, and one number tells it. */
const accuracyInterval = (value_N: Float64Array, options: BootstrapOptions): Interval => {
  const numRows = value_N.length
  const ones = value_N.reduce((sum, value) => sum + value, 0)
  if (ones === 0 || ones === numRows) return { low: ones / numRows, high: ones / numRows }
  const cumulative = cumulativeBinomial(numRows, ones / numRows)
  return bootstrap(options, (resample) => {
    const { uniform } = CounterRandom.make(options.seed, CounterRandom.Purpose.bootstrap, resample, 2)
    return firstAbove(cumulative, uniform()) / numRows
  })
}

/** Probability of 0, of at most 1, ... of at most `numRows` ones; each from its neighbour, outwards from the likeliest. */
const cumulativeBinomial = (numRows: number, probability: number): Float64Array => {
  const odds = probability / (1 - probability)
  const mode = Math.min(numRows, Math.floor((numRows + 1) * probability))
  const parts = new Float64Array(numRows + 1)
  parts[mode] = 1
  for (let k = mode; k < numRows; k++) parts[k + 1] = (parts[k]! * odds * (numRows - k)) / (k + 1)
  for (let k = mode; k > 0; k--) parts[k - 1] = (parts[k]! * k) / (odds * (numRows - k + 1))
  const total = parts.reduce((sum, part) => sum + part, 0)
  let sum = 0
  return parts.map((part) => {
    sum += part / total
    return sum
  })
}

/** The first place of rising numbers that is above a value; the last where none is. */
const firstAbove = (rising: Float64Array, value: number): number => {
  let [low, high] = [0, rising.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rising[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

const bootstrap = (
  { level = 0.95, resamples = 1000 }: BootstrapOptions,
  statisticOf: (resample: number) => number
): Interval => {
  const statistics = Float64Array.from({ length: resamples }, (_, resample) => statisticOf(resample)).sort()
  return { low: quantile(statistics, (1 - level) / 2), high: quantile(statistics, (1 + level) / 2) }
}

/** As numpy's: linear between the two nearest of the sorted values. */
const quantile = (sorted: Float64Array, part: number): number => {
  const place = part * (sorted.length - 1)
  const below = Math.floor(place)
  const lower = sorted[below]!
  return lower + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - lower)
}

/**
 * Fills `rows` with draws of 0..length-1, with replacement: those of `CounterRandom.make(seed, bootstrap, resample)`, read
 * by blocks of four, which takes half the time.
 */
export const drawRows = (seed: number, resample: number, rows: Int32Array): void => {
  const key = [seed, CounterRandom.Purpose.bootstrap] as const
  const counter = Uint32Array.of(0, resample, 0, 0)
  const words = new Uint32Array(4)
  const scale = rows.length / 0x1_0000_0000
  for (let at = 0; at < rows.length; at += 4) {
    CounterRandom.philox4x32(counter, key, words)
    counter[0]! += 1
    // What is written beyond the end of a typed array is nowhere.
    for (let word = 0; word < 4; word++) rows[at + word] = words[word]! * scale
  }
}

interface JackknifeOptions extends Level {
  /** Parts of which one is left out at a time (default: 10). */
  readonly groups?: number
  /** Which rows make a part, an unsigned 32-bit integer (default: 0). */
  readonly seed?: number
}

/**
 * The jackknife that leaves out a group of rows at a time (Shao and Tu 1995, section 5.1), with Student's t of
 * `groups - 1` degrees of freedom around the statistic of all rows. No row is ever seen twice: a rank of a spectrum would
 * fall with every row that a bootstrap draws twice.
 *
 * @param statisticOf  of the rows that are named, in rising order; called `groups + 1` times
 */
export const jackknifeInterval = (
  statisticOf: (rows: Int32Array) => number,
  numRows: number,
  { groups = 10, level = 0.95, seed = 0 }: JackknifeOptions = {}
): Interval =>
  intervalOfParts(
    statisticOf(Int32Array.from({ length: numRows }, (_, row) => row)),
    rowsWithoutGroups(numRows, groups, seed).map(statisticOf),
    level
  )

/**
 * For each group of a jackknife the rows that are not in it, in rising order; groups are of one size, or of two next to
 * each other.
 */
export const rowsWithoutGroups = (
  numRows: number,
  groups: number,
  seed: number
): ReadonlyArray<Int32Array> => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.bootstrap, 0, 1)
  const place = CounterRandom.permutation(random, numRows)
  return Array.from({ length: groups }, (_, group) =>
    Int32Array.from(place.keys()).filter((row) => place[row]! % groups !== group)
  )
}

/** What a jackknife concludes from the statistic of all rows and from those without one group each. */
export const intervalOfParts = (whole: number, without: ReadonlyArray<number>, level = 0.95): Interval => {
  const groups = without.length
  const mean = without.reduce((sum, value) => sum + value, 0) / groups
  const squares = without.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const margin = criticalT(level, groups - 1) * Math.sqrt(((groups - 1) / groups) * squares)
  return { low: whole - margin, high: whole + margin }
}

/** Numbers of pairs of images, put together by image: every pair is in the sums of both of its images. */
interface SumsOfPairs {
  /** Of each image the sum over the pairs that it is in. */
  readonly sums: ArrayLike<number>
  /** Pairs that each image is in. */
  readonly pairsOfEach: number
}

/**
 * The jackknife, one image at a time, of a function of a mean over pairs of images: without an image, all of its pairs are
 * missing. That is known from the sums, so that no pair is looked at again.
 *
 * **Gotchas** What a pair has of its own, beside what each of its images has, is counted twice: where pairs were drawn and
 * images have little in common with all others, the interval is up to the root of 2 too wide, and never too narrow.
 *
 * @param statisticOf  of the mean over pairs
 * @returns nothing where fewer than three images leave no pair without one of them
 */
export const jackknifeOfPairs = (
  { pairsOfEach, sums }: SumsOfPairs,
  statisticOf: (mean: number) => number,
  { level = 0.95 }: Level = {}
): Interval | undefined => {
  const sum_N = Float64Array.from(sums)
  if (sum_N.length < 3) return undefined
  const total = sum_N.reduce((sum, value) => sum + value, 0) / 2
  const numPairs = (sum_N.length * pairsOfEach) / 2
  const without = Array.from(sum_N, (sum) => statisticOf((total - sum) / (numPairs - pairsOfEach)))
  return intervalOfParts(statisticOf(total / numPairs), without, level)
}
