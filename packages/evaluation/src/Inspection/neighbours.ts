import * as tf from "@tensorflow/tfjs-core"
import { unitRows } from "../unitRows.ts"

/** The nearest other rows of one row, nearest first. */
export interface Found {
  readonly rows: Int32Array
  /** Cosines. */
  readonly similarities: Float32Array
}

const nothing: Found = { rows: new Int32Array(0), similarities: new Float32Array(0) }

/** The nearest others of some rows by cosine, among all rows. Reads from the backend. */
export const nearestOthers = (
  row_NC: tf.Tensor2D,
  queries: ReadonlyArray<number>,
  count: number
): ReadonlyArray<Found> =>
  row_NC.shape[0] === 1 ? queries.map(() => nothing) : nearestOfMany(row_NC, queries, count)

const nearestOfMany = (row_NC: tf.Tensor2D, queries: ReadonlyArray<number>, count: number) =>
  tf.tidy(() => {
    const [numRows] = row_NC.shape
    const unit_NC = unitRows(row_NC)
    const own_QN = tf.oneHot(tf.tensor1d([...queries], "int32"), numRows)
    const cosine_QN = tf.matMul(tf.gather(unit_NC, [...queries]), unit_NC, false, true)
    // Behind all others: it is as near to itself as can be.
    const others_QN = tf.sub<tf.Tensor2D>(cosine_QN, tf.mul(own_QN, 4))
    const { indices, values } = tf.topk(others_QN, Math.min(count, numRows - 1))
    const [rows, similarities] = [indices.dataSync<"int32">(), values.dataSync<"float32">()]
    const each = rows.length / queries.length
    return queries.map((_, query) => ({
      rows: rows.slice(query * each, (query + 1) * each),
      similarities: similarities.slice(query * each, (query + 1) * each)
    }))
  })
