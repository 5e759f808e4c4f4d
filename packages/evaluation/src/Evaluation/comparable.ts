import { NonFiniteTensors, nonFinite } from "@moco/core/Finite"
import type { TensorError } from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import type { Represent } from "../Embedding.ts"

/**
 * A representation that can be compared by its direction.
 *
 * @param subject  whose it is
 * @throws NonFiniteTensors where a row has no finite length: a number of it is none, or so large that its square is
 */
export const comparable =
  (represent: Represent, subject: string): Represent =>
  (image_NHWC) => {
    const row_NC = represent(image_NHWC)
    const length_N = tf.norm(row_NC, 2, 1)
    if (nonFinite({ length_N }).length === 0) return row_NC
    const value = length_N.dataSync().find((length) => !Number.isFinite(length))
    throw new NonFiniteTensors({ subject, where: ["the length of a row"], value: String(value), hint })
  }

const hint = "it cannot be evaluated; lower optimizer.learningRate, or look at the images"

/** What {@link comparable} has thrown within a tensor operation, where it is that which has failed. */
export const incomparable = (error: TensorError): TensorError | NonFiniteTensors =>
  error.cause instanceof NonFiniteTensors ? error.cause : error
