import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { attributes, type EagerBackend } from "./internal/eager.ts"
import { nativeOps } from "./internal/kernels/nativeOps.ts"
import { type NamedTensors, run, type TensorError } from "./Tensor.ts"

/**
 * Names of the tensors that hold a number which is none: NaN, or an infinity. Reads from the backend.
 *
 * Of tensors of floats; integers are always numbers. To be called within a tidy.
 */
export const nonFinite = (tensors: NamedTensors): ReadonlyArray<string> => {
  const floats = Object.entries(tensors).filter(([, { dtype, size }]) => dtype === "float32" && size > 0)
  if (floats.length === 0) return []
  const native = nativeOps()
  const are = native === undefined ? composedFinite(floats) : nativeFinite(native, floats)
  return floats.flatMap(([name], i) => (are(i) ? [] : [name]))
}

/** The first number of a tensor that is none, if there is one. Reads the whole tensor from the backend. */
export const firstNonFinite = (tensor: tf.Tensor): number | undefined =>
  tensor.dataSync<"float32">().find((value) => !Number.isFinite(value))

type Entries = ReadonlyArray<readonly [string, tf.Tensor]>

const nativeFinite = (backend: EagerBackend, floats: Entries) => {
  const inputs = floats.map(([, tensor]) => tensor)
  const count = attributes(backend).integer("N", inputs.length)
  const flags = backend.executeSingleOutput("MocoFinite", [count], inputs)
  const finite = flags.dataSync()
  flags.dispose()
  return (i: number) => finite[i] === 1
}

/**
 * One sum over everything, in a few operations however many tensors there are: it is finite only where every number
 * is. The reverse does not hold, a sum may overflow; so where it is not finite, the numbers are looked at one by one.
 */
const composedFinite = (floats: Entries) => {
  const byShape = Map.groupBy(floats, ([, { shape }]) => String(shape)).values()
  const sum = tf.tidy(() => {
    const sums = [...byShape].map((group) => tf.sum(tf.addN(group.map(([, tensor]) => tensor))))
    return tf.addN(sums).dataSync()[0]!
  })
  return (i: number) => Number.isFinite(sum) || firstNonFinite(floats[i]![1]) === undefined
}

/** Tensors that are to be saved, restored, exported or evaluated hold numbers that are none. */
export class NonFiniteTensors extends Schema.TaggedError<NonFiniteTensors>()("NonFiniteTensors", {
  /** What they belong to, e.g. "the state to be restored". */
  subject: Schema.String,
  /** Their names. */
  where: Schema.Array(Schema.String),
  /** The first such number. */
  value: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.subject} is not finite: ${this.value} at ${firstOf(this.where)}\n  ${this.hint}`
  }
}

/** The first of some names, and how many more there are. */
export const firstOf = ([first, ...others]: ReadonlyArray<string>): string =>
  others.length === 0 ? String(first) : `${first} and ${others.length} more`

/** Fails where a tensor holds a number which is none. */
export const requireFinite = (
  tensors: NamedTensors,
  { hint, subject }: { readonly subject: string; readonly hint: string }
): Effect.Effect<void, NonFiniteTensors | TensorError> =>
  run("Finite.requireFinite", () => {
    const where = nonFinite(tensors)
    return { where, value: where.length === 0 ? "" : String(firstNonFinite(tensors[where[0]!]!)) }
  }).pipe(
    Effect.flatMap(({ value, where }) =>
      where.length === 0 ? Effect.void : Effect.fail(new NonFiniteTensors({ subject, where, value, hint }))
    )
  )
