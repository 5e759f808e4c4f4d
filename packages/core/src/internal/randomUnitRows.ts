import * as tf from "@tensorflow/tfjs-core"
import * as CounterRandom from "../CounterRandom.ts"
import { l2Normalize } from "./l2Normalize.ts"

/** Rows of length 1 in random directions: what a dictionary holds before it has seen an image. */
export const randomUnitRows = (
  random: CounterRandom.CounterRandom,
  numRows: number,
  featureSize: number
): tf.Tensor2D =>
  l2Normalize(tf.tensor2d(CounterRandom.normals(random, numRows * featureSize), [numRows, featureSize]))
