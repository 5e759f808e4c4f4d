import * as CounterRandom from "@moco/core/CounterRandom"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  type FitOptions,
  fitLogistic,
  type LogisticSettings,
  minimise,
  modelOf,
  oneHotOf,
  predict
} from "./logisticRegression.ts"
import { standardisationOf, standardised } from "./standardise.ts"

/** A regulariser that was tried. */
interface Tried {
  readonly C: number
  /** Part of the held-back training images that were told rightly. */
  readonly accuracy: number
  /** Of the search for its minimum. */
  readonly iterations: number
}

/** 1e-5, 1e-4, ..., 10: for standardised features from one that lets nothing through to one that hardly binds. */
const defaultGrid: ReadonlyArray<number> = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10]

interface ChoiceOptions extends Omit<LogisticSettings, "C">, FitOptions {
  /** Regularisers that are tried, in rising order, until two of them are worse than one before. */
  readonly grid?: ReadonlyArray<number>
  /** Which training images are held back, an unsigned 32-bit integer. */
  readonly seed: number
}

/**
 * The tolerance while regularisers are tried, unless a larger one is asked for: ten times the usual one. What is compared is
 * how many held-back images are told rightly, which what is left to go moves by less than these images are a sample of; and
 * it is most of the way for the largest regularisers, which then come out equal, so that the smallest is taken.
 */
export const whileChoosing = 1e-3

/** Where no image can be held back: scikit-learn's own. */
const unchosen = 1

/**
 * The regulariser of which a classifier of four fifths of the training images is right most often about the other fifth
 * (the smallest of equal ones), and a classifier with it of all training images, which is fitted to `tolerance`; what is
 * tried is fitted to that or {@link whileChoosing}, whichever is larger. No test image is looked at. Of a class that would
 * have none left no image is held back; where that leaves none to choose by, the regulariser is 1.
 */
export const chooseC = Effect.fn("LogisticRegression.chooseC")(function* (
  feature_NC: tf.Tensor2D,
  labels: ArrayLike<number>,
  numClasses: number,
  options: ChoiceOptions
) {
  const tried = yield* tryAll(feature_NC, labels, numClasses, options)
  const best = tried.reduce<Tried | undefined>(
    (chosen, next) => (chosen === undefined || next.accuracy > chosen.accuracy ? next : chosen),
    undefined
  )
  const C = best?.C ?? unchosen
  const fitted = yield* fitLogistic(feature_NC, labels, numClasses, { ...options, C }, options)
  return { ...fitted, C, tried }
})

/** Each fit starts where that of the next smaller regulariser has ended. */
const tryAll = Effect.fnUntraced(function* (
  feature_NC: tf.Tensor2D,
  labels: ArrayLike<number>,
  numClasses: number,
  { grid = defaultGrid, seed, standardise = true, ...settings }: ChoiceOptions
) {
  const tolerance = Math.max(whileChoosing, settings.tolerance ?? 0)
  const { fitted, heldBack } = keepingClasses(split(labels.length, seed), labels)
  if (heldBack.length === 0) return []
  const parts = yield* Tensor.scoped("LogisticRegression.split", () => {
    const [train_NC, heldBack_NC] = [tf.gather(feature_NC, fitted), tf.gather(feature_NC, heldBack)]
    const oneHot_NK = oneHotOf(
      fitted.map((row) => labels[row]!),
      numClasses
    )
    if (!standardise) return { feature_NC: train_NC, oneHot_NK, heldBack_NC }
    const ofTrain = standardisationOf(train_NC)
    const rows_NC = standardised(train_NC, ofTrain)
    return { feature_NC: rows_NC, oneHot_NK, heldBack_NC: standardised(heldBack_NC, ofTrain) }
  })
  const tried: Array<Tried> = []
  let point: Float64Array | undefined
  for (const C of grid) {
    const minimum = yield* minimise(parts, { ...settings, C, tolerance }, point)
    point = minimum.point
    const model = modelOf(point, numClasses, undefined)
    const predictions = yield* Tensor.run("LogisticRegression.heldBack", () =>
      predict(model, parts.heldBack_NC)
    )
    const correct = heldBack.filter((row, at) => predictions[at] === labels[row]).length
    tried.push({ C, accuracy: correct / heldBack.length, iterations: minimum.iterations })
    if (isPast(tried)) break
  }
  return tried
}, Effect.scoped)

/**
 * Whether the best is behind: the last two were worse. The largest regularisers take the most iterations by far, for what
 * has begun to learn its images by heart.
 */
const isPast = (tried: ReadonlyArray<Tried>): boolean => {
  const best = Math.max(...tried.map(({ accuracy }) => accuracy))
  return tried.length > 2 && tried.slice(-2).every(({ accuracy }) => accuracy < best)
}

/** Rows that a classifier is made of, and rows that it is tried on. */
interface Split {
  readonly fitted: Int32Array
  readonly heldBack: Int32Array
}

/** The same with one image back for each class of which all were held back: nobody can name a class that he never saw. */
const keepingClasses = ({ fitted, heldBack }: Split, labels: ArrayLike<number>): Split => {
  const seen = new Set(Array.from(fitted, (row) => labels[row]!))
  const back = heldBack.filter((row) => {
    const isFirst = !seen.has(labels[row]!)
    seen.add(labels[row]!)
    return isFirst
  })
  return {
    fitted: Int32Array.from([...fitted, ...back]).sort(),
    heldBack: heldBack.filter((row) => !back.includes(row))
  }
}

/** Every fifth of the images in a seeded order, and the others. */
export const split = (numImages: number, seed: number): Split => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.probe, 0, 2)
  const order = CounterRandom.permutation(random, numImages)
  return {
    fitted: order.filter((_, place) => place % 5 !== 0).sort(),
    heldBack: order.filter((_, place) => place % 5 === 0).sort()
  }
}
