import { memoryOf } from "@moco/core/Dictionary/kinds"
import { batchNormGroupsOf, sizesOf } from "@moco/core/Encoder/kinds"
import { TensorError } from "@moco/core/Tensor"
import { Cause, Effect, Predicate, Schema } from "effect"
import type { RunConfig } from "./RunConfig.ts"

/** An operation found no memory; the step that it belonged to was not applied. */
export class OutOfMemory extends Schema.TaggedError<OutOfMemory>()("OutOfMemory", {
  operation: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.operation} found no memory: ${this.reason}\n  ${this.hint}`
  }
}

/** Words by which TensorFlow and JavaScript say that there is no memory. */
const words = [
  /\bOOM\b/,
  /TF_Status: 8\b/,
  /allocation failed/i,
  /out of memory/i,
  /Invalid typed array length/
]

/** The error of an operation as one about memory, where it is one; proposes a batch or a K that takes half as much. */
export const explain = (error: TensorError, config: RunConfig): TensorError | OutOfMemory => {
  const reason = Predicate.hasProperty(error.cause, "message") ? String(error.cause.message) : ""
  if (!words.some((word) => word.test(reason))) return error
  const firstLine = reason.replace(/^Invalid TF_Status: 8\s*Message:\s*/, "").split("\n")[0]!
  return new OutOfMemory({ operation: error.operation, reason: firstLine, hint: hintFor(config) })
}

/** Explains every error of an operation that an effect ends with; whatever else it ends with stays. */
export const explained =
  (config: RunConfig) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | OutOfMemory, R> =>
    Effect.catchCause(effect, (cause) =>
      Effect.failCause(
        Cause.map(cause, (error) => (error instanceof TensorError ? explain(error, config) : error))
      )
    ) as Effect.Effect<A, E | OutOfMemory, R>

const hintFor = ({ dictionary, encoder, training: { batchSize } }: RunConfig): string => {
  const { smaller: settings } = sizesOf(encoder, 1)
  const batch = halfBatch(batchSize, batchNormGroupsOf(encoder))
  const smaller =
    batch === undefined ? `a smaller encoder (${settings.join(", ")})` : `--set training.batchSize=${batch}`
  const rows = memoryOf(dictionary, { batchSize, numImages: 0, seed: 0 }).rows
  const large = rows.find(({ count, setting }) => setting === "dictionary.size" && count > 16 * batchSize)
  const size = large === undefined ? "" : `, or dictionary.size=${Math.floor(large.count / 2)}`
  return `try ${smaller}${size}; with the config as it is, a run that had begun goes on with --resume where there is more memory`
}

/** About half the batch, of which batch norm's groups still have two images each. */
const halfBatch = (batchSize: number, groups: number): number | undefined => {
  const half = Math.floor(batchSize / 2 / groups) * groups
  return half >= 2 * groups ? half : undefined
}
