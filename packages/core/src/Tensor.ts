import * as tf from "@tensorflow/tfjs-core"
import { Effect, Predicate, Schema, type Scope } from "effect"

/**
 * The shape letters of the whole project: N batch, H W C image, D feature, K dictionary, L = 1 + K logits.
 * A name such as `query_ND` says "one query feature of length D per sample".
 */

/** A tensor operation failed: TensorFlow's own message is in `cause`, the stage that asked for it in `operation`. */
export class TensorError extends Schema.TaggedError<TensorError>()("TensorError", {
  operation: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    // Errors of the native binding may come from another realm, where they are no instance of this one's Error.
    const reason = Predicate.hasProperty(this.cause, "message") ? this.cause.message : this.cause
    return `${this.operation} failed: ${reason}\n  check the sizes that the config gives to this stage; nothing of the operation was kept`
  }
}

/** Tensors by name; parameters carry torchvision's names (`layer1.0.conv1.weight`). */
export type NamedTensors = Readonly<Record<string, tf.Tensor>>

/**
 * Runs a pure tensor computation: everything it allocates is released except what it returns. It is a span of its
 * own, named `operation`.
 *
 * **Gotchas** The result belongs to the caller. Prefer {@link scoped} where it must outlive one expression.
 */
export const run = <A>(operation: string, compute: () => A): Effect.Effect<A, TensorError> =>
  Effect.try({
    try: () => {
      let result: A
      tf.tidy(() => {
        result = compute()
        return tensorsIn(result)
      })
      return result!
    },
    catch: (cause) => new TensorError({ operation, cause })
  }).pipe(
    // The place in the source would be this one, always.
    Effect.withSpan(operation, undefined, { captureStackTrace: false })
  )

/**
 * The tensors of a result. tidy would find them too, by a look at every element of every typed array: minutes for the
 * bytes of a whole encoder.
 */
const tensorsIn = (result: unknown, seen = new Set<object>()): Array<tf.Tensor> => {
  if (result instanceof tf.Tensor) return [result]
  if (!Predicate.isObjectOrArray(result) || ArrayBuffer.isView(result) || seen.has(result)) return []
  seen.add(result)
  return Object.values(result).flatMap((value) => tensorsIn(value, seen))
}

/** Like {@link run}; the result lives until the surrounding Scope closes. */
export const scoped = <A extends tf.TensorContainer>(
  operation: string,
  compute: () => A
): Effect.Effect<A, TensorError, Scope.Scope> =>
  Effect.acquireRelease(run(operation, compute), (result) => Effect.sync(() => tf.dispose(result)))

/**
 * A set of named tensors that outlives a step and is replaced as a whole: parameters, moments, the dictionary.
 *
 * Readers borrow: what `get` returns is valid until the next `replace`.
 */
export interface TensorCell {
  /** The current tensors; borrowed, never to be disposed by the reader. */
  readonly get: () => NamedTensors
  /**
   * Takes ownership of `next` and releases every tensor that is not part of it.
   * Synchronous and without a failing operation, so several cells can be replaced at one point of a step.
   */
  readonly replace: (next: NamedTensors) => void
}

/** Makes a {@link TensorCell}; what it holds when the Scope closes is released. */
export const cell = (
  operation: string,
  make: () => NamedTensors
): Effect.Effect<TensorCell, TensorError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.map(run(operation, make), (initial) => ({ current: initial })),
      (holder) => Effect.sync(() => tf.dispose(Object.values(holder.current)))
    ),
    (holder): TensorCell => ({
      get: () => holder.current,
      replace: (next) => {
        const kept = new Set(Object.values(next))
        for (const tensor of Object.values(holder.current)) if (!kept.has(tensor)) tensor.dispose()
        holder.current = next
      }
    })
  )

/** New handles on the same values, to be owned by someone else. */
export const clone = (tensors: NamedTensors): NamedTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.clone(tensor)]))

/** A snapshot does not fit what is to be restored from it. */
export class SnapshotMismatch extends Schema.TaggedError<SnapshotMismatch>()("SnapshotMismatch", {
  operation: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.operation}: the snapshot does not fit: ${this.problem}\n  it is of another encoder, mechanism or size, or was changed: restore it with the config that it was saved with, or put back a copy`
  }
}

/**
 * Copies of a snapshot's tensors, which must have exactly the names, shapes and types of `current`.
 *
 * @param inRange  checks their values, once they are known to be the right tensors
 */
export const copiesLike = (
  operation: string,
  current: NamedTensors,
  snapshot: NamedTensors,
  inRange: Effect.Effect<void, TensorError | SnapshotMismatch> = Effect.void
): Effect.Effect<NamedTensors, TensorError | SnapshotMismatch> => {
  const problem = mismatch(current, snapshot)
  return problem === undefined
    ? Effect.andThen(
        inRange,
        run(operation, () =>
          // In the order of `current`: sums over all tensors depend on it in their last bits.
          clone(Object.fromEntries(Object.keys(current).map((name) => [name, snapshot[name]!])))
        )
      )
    : Effect.fail(new SnapshotMismatch({ operation, problem }))
}

const mismatch = (current: NamedTensors, snapshot: NamedTensors): string | undefined => {
  for (const [name, { dtype, shape }] of Object.entries(current)) {
    const found = snapshot[name]
    if (found === undefined) return `${name} is missing`
    if (String(found.shape) !== String(shape)) return `${name} is ${found.shape} and should be ${shape}`
    if (found.dtype !== dtype) return `${name} is of type ${found.dtype} and should be ${dtype}`
  }
  const foreign = Object.keys(snapshot).find((name) => !Object.hasOwn(current, name))
  return foreign === undefined ? undefined : `${foreign} has no place`
}

/** The same tensors under names that start with `prefix` and a dot. */
export const prefixed = (tensors: NamedTensors, prefix: string): NamedTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, tensor]))

/** The tensors whose names start with `prefix` and a dot, without both. */
export const unprefixed = (tensors: NamedTensors, prefix: string): NamedTensors =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) =>
      name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), tensor]] : []
    )
  )

/** Keeps a tensor beyond the tidy it was made in; whoever gave the function is responsible for the tensor. */
export type Keep = <T extends tf.Tensor>(tensor: T) => T

/**
 * The tensors of one step. Whatever is made under a lease is released when the step's Scope closes, on success,
 * failure and interruption alike, unless it was handed over to a {@link TensorCell} before.
 */
export interface Lease {
  /** Keeps a tensor beyond the tidy it was made in, and makes the lease responsible for it. */
  readonly keep: Keep
  /** Runs a pure tensor computation; the lease owns what it returns. */
  readonly run: <A>(operation: string, compute: () => A) => Effect.Effect<A, TensorError>
  /** Gives up responsibility: the receiver owns the tensors from now on. */
  readonly handOver: (tensors: NamedTensors) => NamedTensors
}

/** Opens a {@link Lease} that ends with the surrounding Scope. */
export const lease: Effect.Effect<Lease, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => new Set<tf.Tensor>()),
    (owned) => Effect.sync(() => tf.dispose([...owned]))
  ),
  (owned): Lease => ({
    keep: (tensor) => {
      owned.add(tf.keep(tensor))
      return tensor
    },
    run: (operation, compute) =>
      Effect.map(run(operation, compute), (result) => {
        for (const tensor of tensorsIn(result)) owned.add(tf.keep(tensor))
        return result
      }),
    handOver: (tensors) => {
      for (const tensor of Object.values(tensors)) owned.delete(tensor)
      return tensors
    }
  })
)
