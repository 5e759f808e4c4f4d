import { ContrastiveLoss, type Direction } from "@moco/core/ContrastiveLoss"
import { Dictionary } from "@moco/core/Dictionary"
import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import type { Similarities } from "@moco/core/Similarities"
import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { type ViewBatch, ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"

/**
 * Goes through the first step without its gradient and without changing anything, and looks at what an encoder, a dictionary
 * and a loss give: the only way to know of one that somebody else has written. Less than the time of a step.
 */
export const rehearse = Effect.gen(function* () {
  const lease = yield* Tensor.lease
  const stages: Stages = {
    lease,
    batch: yield* (yield* ViewPairs).batch(0),
    query: yield* QueryEncoder,
    dictionary: yield* Dictionary,
    loss: yield* ContrastiveLoss
  }
  const unmet = yield* Tensor.run("PretrainLayers.rehearse", () => {
    for (const [stage, need] of needsOf(stages)) {
      const error = Stage.firstUnmet(stage, [need])
      if (error !== undefined) return error
    }
    return undefined
  })
  if (unmet !== undefined) return yield* unmet
}).pipe(Effect.scoped)

interface Stages {
  readonly lease: Tensor.Lease
  readonly batch: ViewBatch
  readonly query: QueryEncoder["Service"]
  readonly dictionary: Dictionary["Service"]
  readonly loss: ContrastiveLoss["Service"]
}

type Asked = readonly [stage: "QueryEncoder" | "Dictionary" | "ContrastiveLoss", need: Stage.Need]

/** In the order of a step: what comes later may rest on what comes before. */
function* needsOf({ batch, dictionary, lease, loss, query }: Stages): Generator<Asked> {
  const { numNegatives } = dictionary
  const { indices } = batch
  const { viewK_NHWC, viewQ_NHWC } = batch.views()
  const directions = loss.directions(viewQ_NHWC, viewK_NHWC)
  yield* directionNeeds(directions, viewQ_NHWC.shape)
  yield ["Dictionary", Stage.count("numNegatives", numNegatives, "negatives per query")]
  yield ["ContrastiveLoss", finite("chance(numNegatives)", loss.chance(numNegatives))]
  yield ["Dictionary", Stage.fraction("fill()", dictionary.fill(), "part of the negatives that are features")]
  const trained = { ...query.parameters.get(), ...dictionary.trained() }
  yield ["Dictionary", ownNames(dictionary.trained(), query.parameters.get())]

  const prepared = dictionary.prepare({ step: 0, indices, directions }, lease)
  const queries_ND: Array<tf.Tensor2D> = []
  for (const [direction, { query_NHWC }] of directions.entries()) {
    const { feature_ND } = query.network.train(weightsOf(query), query_NHWC, lease.keep)
    yield ["QueryEncoder", shape("feature_ND", feature_ND, [indices.length, query.network.featureSize])]
    yield ["QueryEncoder", unitRows(feature_ND)]
    queries_ND.push(feature_ND)
    const similarities = prepared.similarities(feature_ND, direction, trained)
    yield* similarityNeeds(similarities, feature_ND, numNegatives)
    const { closest_N1, mean } = loss.compare(similarities, lease.keep)
    yield ["ContrastiveLoss", shape("mean", mean, [])]
    yield ["ContrastiveLoss", finite("mean", mean.dataSync()[0]!)]
    yield ["ContrastiveLoss", shape("closest_N1", closest_N1, [indices.length, 1])]
  }
  prepared.settle({ queries_ND, parameters: trained })
}

function* directionNeeds(
  directions: ReadonlyArray<Direction>,
  view: ReadonlyArray<number>
): Generator<Asked> {
  const hint = "the directions that a step looks in: one, or both"
  yield ["ContrastiveLoss", Stage.count("directions.length", directions.length, hint)]
  for (const { key_NHWC, query_NHWC } of directions) {
    yield ["ContrastiveLoss", shape("query_NHWC", query_NHWC, view)]
    yield ["ContrastiveLoss", shape("key_NHWC", key_NHWC, view)]
  }
}

function* similarityNeeds(
  { negatives, positive_N1 }: Similarities,
  feature_ND: tf.Tensor2D,
  numNegatives: number
): Generator<Asked> {
  const [numQueries, featureSize] = feature_ND.shape
  yield ["Dictionary", shape("positive_N1", positive_N1, [numQueries, 1])]
  if (negatives._tag === "PerQuery") {
    yield [
      "Dictionary",
      shape("negatives.similarity_NK", negatives.similarity_NK, [numQueries, numNegatives])
    ]
    return
  }
  yield ["Dictionary", shape("negatives.query_ND", negatives.query_ND, [numQueries, featureSize])]
  yield ["Dictionary", shape("negatives.key_KD", negatives.key_KD, [numNegatives, featureSize])]
}

/** A dictionary holds features, and is refused in a checkpoint where they have another length. */
const unitRows = (feature_ND: tf.Tensor2D): Stage.Need => {
  const lengths = tf.norm(feature_ND, 2, 1).dataSync()
  const other = lengths.find((length) => length !== 0 && !(Math.abs(length - 1) < 1e-3))
  return Stage.that(
    other === undefined,
    "length of a feature",
    other,
    "must be 1",
    "divide every row by its length (L2 norm)"
  )
}

const shape = (name: string, tensor: tf.Tensor, expected: ReadonlyArray<number>): Stage.Need =>
  Stage.that(
    String(tensor.shape) === String(expected),
    `shape of ${name}`,
    `[${tensor.shape}]`,
    `must be [${expected}]`,
    "N is the batch, D the feature, K the dictionary's numNegatives"
  )

const finite = (field: string, value: number): Stage.Need =>
  Stage.that(Number.isFinite(value), field, value, "must be a finite number", "it is of the first step")

const ownNames = (trained: Tensor.NamedTensors, encoder: Tensor.NamedTensors): Stage.Need => {
  const taken = Object.keys(trained).find((name) => Object.hasOwn(encoder, name))
  const hint = "give it a prefix of its own: the gradient knows parameters by their names"
  return Stage.that(taken === undefined, "trained()", taken, "must use names that no encoder uses", hint)
}
