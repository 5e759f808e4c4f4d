import * as tf from "@tensorflow/tfjs-core"
import type { Convolution } from "./directConv2d.ts"

type Shape = tf.Tensor4D["shape"]

/** Groups of a convolution: a filter sees the channels of one. */
export const groupsOf = ([, , , channels]: Shape, [, , inputs]: Shape): number => channels / inputs

/** Channels that a bundle has at least: they fill the vectors of the project's own ops, and more are mostly zeros. */
const bundleWidth = 16

/** Groups that are convolved together, as one ordinary convolution with zeros between them. */
export interface Bundles {
  /** Of a bundle. */
  readonly xShape: Shape
  /** Of a bundle. */
  readonly filterShape: Shape
  readonly numBundles: number
  /** Groups in a bundle. */
  readonly numGroups: number
}

/** The smallest bundles of equal size that are wide enough, or one of everything. */
export const bundlesOf = ([n, height, width, channels]: Shape, filterShape: Shape): Bundles => {
  const [kernel, , inputs, outputs] = filterShape
  const groups = channels / inputs
  const narrower = Math.min(inputs, outputs / groups)
  let numGroups = Math.min(groups, Math.ceil(bundleWidth / narrower))
  while (groups % numGroups !== 0) numGroups++
  const numBundles = groups / numGroups
  return {
    xShape: [n, height, width, inputs * numGroups],
    filterShape: [kernel, kernel, inputs * numGroups, outputs / numBundles],
    numBundles,
    numGroups
  }
}

/**
 * A convolution with groups, made of ordinary ones, where TensorFlow has none (`groupedOps`).
 *
 * A convolution for each group is 32 small ones in a ResNeXt, and a single one of all channels is 31 parts of zeros in 32: in
 * between, a bundle of groups is a dense convolution that is wide enough to be fast, its filter zero where output and input
 * are of different groups.
 *
 * @param inner  a bundle's convolution
 */
export const grouped = (inner: Convolution, bundles: Bundles): Convolution => {
  const cut = (x: tf.Tensor) => (bundles.numBundles === 1 ? [x] : tf.split(x, bundles.numBundles, 3))
  const joined = (parts: Array<tf.Tensor>): tf.Tensor =>
    parts.length === 1 ? parts[0]! : tf.concat(parts, 3)
  const each = (
    apply: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
    a: ReadonlyArray<tf.Tensor>,
    b: ReadonlyArray<tf.Tensor>
  ) => joined(a.map((part, bundle) => apply(part, b[bundle]!)))
  return {
    forward: (x, filter) => tf.tidy(() => each(inner.forward, cut(x), cut(dense(filter, bundles)))),
    inputGradient: (dy, filter) =>
      tf.tidy(() => each(inner.inputGradient, cut(dy), cut(dense(filter, bundles)))),
    filterGradient: (x, dy) => tf.tidy(() => ofGroups(each(inner.filterGradient, cut(x), cut(dy)), bundles))
  }
}

/** The filter of all bundles: kernel, kernel, inputs of a bundle, outputs of all. */
const dense = (filter_HWIO: tf.Tensor, { filterShape, numBundles, numGroups }: Bundles): tf.Tensor =>
  numGroups === 1
    ? filter_HWIO
    : tf.mul(tf.tile(filter_HWIO, [1, 1, numGroups, 1]), sameGroup(filterShape, numBundles, numGroups))

/** The reverse of {@link dense} for a gradient: what the groups' own entries have of it. */
const ofGroups = (dense_HWIO: tf.Tensor, { filterShape, numBundles, numGroups }: Bundles): tf.Tensor => {
  if (numGroups === 1) return dense_HWIO
  const [kernel, , inputs] = filterShape
  const own = tf.mul(dense_HWIO, sameGroup(filterShape, numBundles, numGroups))
  return tf.sum(tf.reshape(own, [kernel, kernel, numGroups, inputs / numGroups, -1]), 2)
}

/** 1 where an input of a bundle and an output are of the same group, else 0: inputs of a bundle, outputs of all. */
const sameGroup = ([, , inputs, outputs]: Shape, numBundles: number, numGroups: number): tf.Tensor => {
  const groupOfInput = tf.floorDiv(tf.range(0, inputs, 1, "int32"), tf.scalar(inputs / numGroups, "int32"))
  const groupOfOutput = tf.floorDiv(tf.range(0, outputs, 1, "int32"), tf.scalar(outputs / numGroups, "int32"))
  const isSame = tf.equal(tf.reshape(groupOfInput, [inputs, 1]), tf.reshape(groupOfOutput, [1, outputs]))
  return tf.tile(tf.cast(isSame, "float32"), [1, numBundles])
}
