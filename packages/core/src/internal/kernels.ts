import * as tf from "@tensorflow/tfjs-core"
import { attributes, type EagerBackend, eagerBackend } from "./eager.ts"

/**
 * The operations an encoder is made of, each one forward and one gradient kernel of TensorFlow.
 *
 * Where there is no TensorFlow (the JavaScript backend of small tests), `composed.ts` gives the same function
 * from tfjs's own ops; property tests hold the two together.
 *
 * Every gradient releases what it alone still needed (its saved tensors and the incoming gradient) as soon as
 * it has used it, so a backward pass holds one activation gradient at a time and not all of them.
 */
import * as composed from "./composed.ts"

/** Numerical constants of batch normalisation, as in PyTorch. */
export const batchNormEpsilon = 1e-5
export const batchNormMomentum = 0.1

const release = (...tensors: ReadonlyArray<tf.Tensor>) => {
  for (const tensor of tensors) tensor.dispose()
}

/**
 * Padding that places the kernel where PyTorch's symmetric `padding = (kernel - 1) / 2` does.
 *
 * SAME is the faster code path, and equal unless a strided convolution meets an even size: there SAME puts the
 * whole padding after the image and PyTorch half of it before.
 */
const paddingOf = (size: number, kernel: number, stride: number): "SAME" | "EXPLICIT" => {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size)
  return total === 0 || (total % 2 === 0 && total / 2 === (kernel - 1) / 2) ? "SAME" : "EXPLICIT"
}

const convolution = (backend: EagerBackend, x_NHWC: tf.Tensor4D, kernel: number, stride: number) => {
  const attribute = attributes(backend)
  const padding = paddingOf(x_NHWC.shape[1], kernel, stride)
  const pad = (kernel - 1) / 2
  const shared = [
    attribute.float("T"),
    attribute.ints("strides", [1, stride, stride, 1]),
    attribute.ints("dilations", [1, 1, 1, 1]),
    attribute.text("padding", padding),
    attribute.text("data_format", "NHWC"),
    attribute.boolean("use_cudnn_on_gpu", true)
  ]
  return padding === "SAME"
    ? shared
    : [...shared, attribute.ints("explicit_paddings", [0, 0, pad, pad, pad, pad, 0, 0])]
}

/**
 * Convolution with an odd square kernel and PyTorch's symmetric padding.
 *
 * @param filter_HWIO  kernel height, width, input and output channels
 * @param input  `data` when `x_NHWC` is an image that needs no gradient (the stem): saves a whole kernel
 */
export const conv2d = (
  x_NHWC: tf.Tensor4D,
  filter_HWIO: tf.Tensor4D,
  stride: number,
  input: "data" | "activation" = "activation"
): tf.Tensor4D => {
  const backend = eagerBackend()
  if (backend === undefined) return composed.conv2d(x_NHWC, filter_HWIO, stride)
  const opAttributes = convolution(backend, x_NHWC, filter_HWIO.shape[0], stride)
  const xShape = x_NHWC.shape
  const filterShape = filter_HWIO.shape
  const forward = (x: tf.Tensor, filter: tf.Tensor) =>
    backend.executeSingleOutput("Conv2D", opAttributes, [x, filter]) as tf.Tensor4D
  const gradient = (direction: "Input" | "Filter", shape: ReadonlyArray<number>, a: tf.Tensor, dy: tf.Tensor) => {
    const sizes = tf.tensor1d([...shape], "int32")
    const inputs = direction === "Input" ? [sizes, a, dy] : [a, sizes, dy]
    const result = backend.executeSingleOutput(`Conv2DBackprop${direction}`, opAttributes, inputs)
    sizes.dispose()
    return result
  }
  if (input === "data") {
    return tf.customGrad((filter, save) => {
      const value = forward(x_NHWC, filter as tf.Tensor)
      ;(save as tf.GradSaveFunc)([x_NHWC])
      return {
        value,
        gradFunc: (dy: tf.Tensor, [x]: Array<tf.Tensor>) => {
          const dFilter = gradient("Filter", filterShape, x!, dy)
          release(x!, dy)
          return dFilter
        }
      }
    })(filter_HWIO) as tf.Tensor4D
  }
  return tf.customGrad((x, filter, save) => {
    const value = forward(x as tf.Tensor, filter as tf.Tensor)
    ;(save as tf.GradSaveFunc)([x as tf.Tensor, filter as tf.Tensor])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [savedX, savedFilter]: Array<tf.Tensor>) => {
        const dFilter = gradient("Filter", filterShape, savedX!, dy)
        savedX!.dispose()
        const dx = gradient("Input", xShape, savedFilter!, dy)
        release(savedFilter!, dy)
        return [dx, dFilter]
      }
    }
  })(x_NHWC, filter_HWIO) as tf.Tensor4D
}

/** What training-mode batch normalisation gives: the output and PyTorch's new running statistics. */
export interface BatchNormResult {
  readonly y_NHWC: tf.Tensor4D
  /** Kept, so that they survive the gradient's tidy: the caller owns them. */
  readonly runningMean_C: tf.Tensor1D
  readonly runningVariance_C: tf.Tensor1D
}

/**
 * Batch normalisation in training mode, with separate batch statistics for each of `groups` contiguous parts
 * of the batch ("split batch norm", 1 = ordinary).
 *
 * Running statistics follow PyTorch: momentum 0.1, unbiased variance; with groups, the mean of the groups'
 * updates.
 */
export const batchNorm = (
  x_NHWC: tf.Tensor4D,
  scale_C: tf.Tensor1D,
  offset_C: tf.Tensor1D,
  runningMean_C: tf.Tensor1D,
  runningVariance_C: tf.Tensor1D,
  groups: number
): BatchNormResult => {
  const backend = eagerBackend()
  if (backend === undefined) {
    return composed.batchNorm(x_NHWC, scale_C, offset_C, runningMean_C, runningVariance_C, groups)
  }
  let statistics: readonly [tf.Tensor1D, tf.Tensor1D] | undefined
  const y_NHWC = tf.customGrad((x, scale, offset, save) => {
    const outputs = splitBatch(x as tf.Tensor4D, groups).map((part) =>
      fusedBatchNorm(backend, part, scale as tf.Tensor, offset as tf.Tensor, runningMean_C, runningVariance_C)
    )
    statistics = [meanOf(outputs.map((output) => output[1]!)), meanOf(outputs.map((output) => output[2]!))]
    const reserves = outputs.flatMap((output) => output.slice(3))
    ;(save as tf.GradSaveFunc)([x as tf.Tensor, scale as tf.Tensor, ...reserves])
    return {
      value: joinBatch(outputs.map((output) => output[0]!)),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => fusedBatchNormGradient(backend, dy, saved, groups)
    }
  })(x_NHWC, scale_C, offset_C) as tf.Tensor4D
  return { y_NHWC, runningMean_C: statistics![0], runningVariance_C: statistics![1] }
}

const fusedBatchNorm = (
  backend: EagerBackend,
  x: tf.Tensor,
  scale: tf.Tensor,
  offset: tf.Tensor,
  runningMean: tf.Tensor,
  runningVariance: tf.Tensor
): Array<tf.Tensor> => {
  const attribute = attributes(backend)
  return backend.executeMultipleOutputs(
    "FusedBatchNormV3",
    [
      attribute.float("T"),
      attribute.float("U"),
      attribute.number("epsilon", batchNormEpsilon),
      attribute.number("exponential_avg_factor", batchNormMomentum),
      attribute.text("data_format", "NHWC"),
      attribute.boolean("is_training", true)
    ],
    [x, scale, offset, runningMean, runningVariance],
    6
  )
}

const fusedBatchNormGradient = (
  backend: EagerBackend,
  dy: tf.Tensor,
  [x, scale, ...reserves]: Array<tf.Tensor>,
  groups: number
): Array<tf.Tensor> => {
  const attribute = attributes(backend)
  const opAttributes = [
    attribute.float("T"),
    attribute.float("U"),
    attribute.number("epsilon", batchNormEpsilon),
    attribute.text("data_format", "NHWC"),
    attribute.boolean("is_training", true)
  ]
  const xs = splitBatch(x as tf.Tensor4D, groups)
  const outputs = splitBatch(dy as tf.Tensor4D, groups).map((part, group) =>
    backend.executeMultipleOutputs(
      "FusedBatchNormGradV3",
      opAttributes,
      [part, xs[group]!, scale!, ...reserves.slice(3 * group, 3 * group + 3)],
      5
    )
  )
  release(x!, dy, ...reserves)
  const dx = joinBatch(outputs.map((output) => output[0]!))
  return [dx, sumOf(outputs.map((output) => output[1]!)), sumOf(outputs.map((output) => output[2]!))]
}

/** Contiguous equal parts along the batch: slices along the first dimension share memory in TensorFlow. */
const splitBatch = (x: tf.Tensor4D, groups: number): ReadonlyArray<tf.Tensor4D> => {
  if (groups === 1) return [x]
  const size = x.shape[0] / groups
  return Array.from({ length: groups }, (_, group) => tf.slice(x, [group * size, 0, 0, 0], [size, -1, -1, -1]))
}

const joinBatch = (parts: ReadonlyArray<tf.Tensor>): tf.Tensor => {
  if (parts.length === 1) return parts[0]!
  const joined = tf.concat([...parts], 0)
  release(...parts)
  return joined
}

const sumOf = (parts: ReadonlyArray<tf.Tensor>): tf.Tensor => (parts.length === 1 ? parts[0]! : tf.addN([...parts]))

const meanOf = (parts: ReadonlyArray<tf.Tensor>): tf.Tensor1D =>
  tf.keep(parts.length === 1 ? tf.clone(parts[0]!) : tf.div(tf.addN([...parts]), parts.length)) as tf.Tensor1D

/** Batch normalisation in evaluation mode, from running statistics: row-wise, batch order does not matter. */
export const batchNormInference = (
  x_NHWC: tf.Tensor4D,
  scale_C: tf.Tensor1D,
  offset_C: tf.Tensor1D,
  runningMean_C: tf.Tensor1D,
  runningVariance_C: tf.Tensor1D
): tf.Tensor4D =>
  tf.batchNorm(x_NHWC, runningMean_C, runningVariance_C, offset_C, scale_C, batchNormEpsilon) as tf.Tensor4D

/** Rectified linear unit. */
export const relu = <T extends tf.Tensor>(x: T): T => {
  const backend = eagerBackend()
  if (backend === undefined) return tf.relu(x)
  return tf.customGrad((input, save) => {
    const value = unary(backend, "Relu", [input as tf.Tensor])
    ;(save as tf.GradSaveFunc)([value])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [y]: Array<tf.Tensor>) => {
        const dx = unary(backend, "ReluGrad", [dy, y!])
        release(y!, dy)
        return dx
      }
    }
  })(x) as T
}

/** `relu(a + b)`, the end of a residual block. */
export const addRelu = (a_NHWC: tf.Tensor4D, b_NHWC: tf.Tensor4D): tf.Tensor4D => {
  const backend = eagerBackend()
  if (backend === undefined) return tf.relu(tf.add(a_NHWC, b_NHWC))
  return tf.customGrad((a, b, save) => {
    const sum = unary(backend, "AddV2", [a as tf.Tensor, b as tf.Tensor])
    const value = unary(backend, "Relu", [sum])
    sum.dispose()
    ;(save as tf.GradSaveFunc)([value])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [y]: Array<tf.Tensor>) => {
        const dx = unary(backend, "ReluGrad", [dy, y!])
        release(y!, dy)
        // A second handle on the same memory: each consumer of a gradient releases its own.
        return [dx, tf.clone(dx)]
      }
    }
  })(a_NHWC, b_NHWC) as tf.Tensor4D
}

const unary = (backend: EagerBackend, name: string, inputs: ReadonlyArray<tf.Tensor>): tf.Tensor =>
  backend.executeSingleOutput(name, [attributes(backend).float("T")], inputs)

/**
 * 3x3 max-pool, stride 2, padding 1 (the ImageNet stem).
 *
 * Must follow a ReLU: it pads with zeros, which is exact only for inputs that are not negative.
 */
export const maxPool3x3 = (x_NHWC: tf.Tensor4D): tf.Tensor4D => {
  const backend = eagerBackend()
  if (backend === undefined) return composed.maxPool3x3(x_NHWC)
  const attribute = attributes(backend)
  const opAttributes = [
    attribute.float("T"),
    attribute.ints("ksize", [1, 3, 3, 1]),
    attribute.ints("strides", [1, 2, 2, 1]),
    attribute.text("padding", "VALID"),
    attribute.text("data_format", "NHWC")
  ]
  return tf.customGrad((x, save) => {
    const padded = tf.pad4d(x as tf.Tensor4D, [[0, 0], [1, 1], [1, 1], [0, 0]])
    const value = backend.executeSingleOutput("MaxPool", opAttributes, [padded])
    ;(save as tf.GradSaveFunc)([padded, value])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [savedPadded, y]: Array<tf.Tensor>) => {
        const dPadded = backend.executeSingleOutput("MaxPoolGrad", opAttributes, [savedPadded!, y!, dy])
        release(savedPadded!, y!, dy)
        const [n, height, width, channels] = x_NHWC.shape
        return tf.slice(dPadded as tf.Tensor4D, [0, 1, 1, 0], [n, height, width, channels])
      }
    }
  })(x_NHWC) as tf.Tensor4D
}

/**
 * Mean cross-entropy, in nats, of rows whose correct class is column 0.
 *
 * One op gives the loss and its gradient. Column 0 is the positive by construction of the logits.
 */
export const crossEntropyOfFirst = (logits_NL: tf.Tensor2D): tf.Scalar => {
  const backend = eagerBackend()
  if (backend === undefined) return composed.crossEntropyOfFirst(logits_NL)
  const attribute = attributes(backend)
  return tf.customGrad((logits, save) => {
    const labels_N = tf.zeros([logits_NL.shape[0]], "int32")
    const [loss_N, dLogits_NL] = backend.executeMultipleOutputs(
      "SparseSoftmaxCrossEntropyWithLogits",
      [attribute.float("T"), attribute.int32("Tlabels")],
      [logits as tf.Tensor, labels_N],
      2
    )
    ;(save as tf.GradSaveFunc)([dLogits_NL!])
    return {
      value: tf.mean(loss_N!),
      gradFunc: (dy: tf.Tensor, [saved]: Array<tf.Tensor>) => {
        const dLogits = tf.mul(saved!, tf.div(dy, logits_NL.shape[0]))
        release(saved!)
        return dLogits
      }
    }
  })(logits_NL) as tf.Scalar
}
