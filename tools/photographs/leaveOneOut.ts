import * as Tensor from "@moco/core/Tensor"
import { Dataset, type LabelledSource } from "@moco/data/Dataset"
import { type Embedding, Evaluation } from "@moco/evaluation/Evaluation"
import { type Metric, measured } from "@moco/evaluation/Measurement"
import { voteOfNeighbours } from "@moco/evaluation/voteOfNeighbours"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { unasked } from "./stampFolder.ts"

const temperature = 0.1

/** Which images are asked about; the neighbours are always all the others. */
export type Asked = "all" | "tuning" | "unseen"

/**
 * Every third image of a class, in the order of their names, is one that settings are chosen by; the others are never
 * asked about meanwhile.
 */
const isTuning = (labels: Int32Array): ReadonlyArray<boolean> => {
  const seen = new Map<number, number>()
  return Array.from(labels, (label) => {
    const place = seen.get(label) ?? 0
    seen.set(label, place + 1)
    return place % 3 === 0
  })
}

const metricOf = (k: number, asked: Asked): Metric => ({
  evaluation: "leaveOneOut",
  metric: `leave-one-out kNN (k = ${k}), ${asked}`,
  unit: "fraction",
  higherIsBetter: true,
  protocol:
    `the label with the most votes of the ${k} nearest other images; similarity is cosine, a vote weighs ` +
    `exp(similarity / ${temperature}); ${asked === "all" ? "every image" : `the ${asked} part`} is asked about`
})

/**
 * Part of the images whose class their k nearest neighbours name, none of them being the image itself: for sets that are too
 * small to be parted. Images in the folder of the {@link unasked} are left out of it.
 *
 * @param asked  parts of the images, each of which gives a measurement for each k
 */
export const leaveOneOut = (ks: ReadonlyArray<number>, asked: ReadonlyArray<Asked>, everyEpochs: number) =>
  Layer.effect(
    Evaluation,
    Effect.gen(function* () {
      const { train } = yield* Dataset.checked
      const source = train as LabelledSource
      const { classes } = source
      const rows = Array.from(source.labels.keys()).filter((row) => classes[source.labels[row]!] !== unasked)
      const labels = Int32Array.from(rows, (row) => source.labels[row]!)
      const tuning = isTuning(labels)
      const isAsked = (row: number, part: Asked) => part === "all" || tuning[row] === (part === "tuning")
      const metrics = asked.flatMap((part) => ks.map((k) => metricOf(k, part)))
      return Evaluation.of({
        ...{ name: "leaveOneOut", everyEpochs, metrics },
        evaluate: Effect.fnUntraced(function* ({ rowsOf, subject }: Embedding) {
          const all_NC = yield* rowsOf("train", "backbone")
          const neighbours = yield* Tensor.run("leaveOneOut.neighbours", () =>
            nearestOthers(tf.gather(all_NC, rows), Math.max(...ks))
          )
          return asked.flatMap((part) =>
            ks.map((k) => {
              const some = neighbours.flatMap((found, row) => (isAsked(row, part) ? [{ found, row }] : []))
              const right = some.filter(({ found: { indices, similarities }, row }) => {
                const some = [indices.subarray(0, k), similarities.subarray(0, k)] as const
                return voteOfNeighbours(...some, labels, temperature, classes.length) === labels[row]
              })
              return measured(metricOf(k, part), subject, right.length / some.length)
            })
          )
        })
      })
    })
  )

/** The nearest k of the other rows by cosine, for every row. */
const nearestOthers = (row_NC: tf.Tensor2D, k: number) => {
  const [numImages] = row_NC.shape
  const unit_NC = tf.div<tf.Tensor2D>(row_NC, tf.maximum(tf.norm(row_NC, 2, 1, true), 1e-12))
  const cosine_NN = tf.matMul(unit_NC, unit_NC, false, true)
  const { indices, values } = tf.topk(tf.sub<tf.Tensor2D>(cosine_NN, tf.mul(tf.eye(numImages), 4)), k)
  const [indices_NK, similarities_NK] = [indices.dataSync<"int32">(), values.dataSync<"float32">()]
  return Array.from({ length: numImages }, (_, row) => ({
    indices: indices_NK.subarray(row * k, (row + 1) * k),
    similarities: similarities_NK.subarray(row * k, (row + 1) * k)
  }))
}
