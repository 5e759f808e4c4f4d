import * as tf from "@tensorflow/tfjs-core"

/**
 * The queue after the rows of `key_MD` were written one after the other, from slot `pointer` on, around the end.
 *
 * M need not divide K and may exceed it: then only the last K keys remain. Returns a new tensor.
 */
export const enqueue = (queue_KD: tf.Tensor2D, key_MD: tf.Tensor2D, pointer: number): tf.Tensor2D =>
  tf.tidy(() => {
    const numSlots = queue_KD.shape[0]
    const numKeys = key_MD.shape[0]
    const numWritten = Math.min(numKeys, numSlots)
    const start = (pointer + numKeys - numWritten) % numSlots
    const newest = rows(key_MD, numKeys - numWritten, numWritten)
    const numAtEnd = Math.min(numWritten, numSlots - start)
    const numWrapped = numWritten - numAtEnd
    return tf.concat2d(
      [
        rows(newest, numAtEnd, numWrapped),
        rows(queue_KD, numWrapped, start - numWrapped),
        rows(newest, 0, numAtEnd),
        rows(queue_KD, start + numAtEnd, numSlots - start - numAtEnd)
      ].filter((part) => part.shape[0] > 0),
      0
    )
  })

const rows = (matrix: tf.Tensor2D, from: number, count: number): tf.Tensor2D =>
  tf.slice2d(matrix, [from, 0], [Math.max(0, count), -1])
