import type * as CounterRandom from "@moco/core/CounterRandom"
import type { Effect, Path } from "effect"

/** A parser, whole inputs that it accepts, how they are changed, and how it is asked. */
export interface Parser {
  readonly name: string
  readonly inputs: ReadonlyArray<Uint8Array>
  readonly mutate: (random: CounterRandom.CounterRandom, input: Uint8Array) => Uint8Array
  readonly parse: (bytes: Uint8Array) => Effect.Effect<unknown, unknown, Path.Path>
  /** What a parse may take, where it is less than others may; a part of the inputs, where each takes long. */
  readonly limits?: Limits
}

/** What a parse may take before it counts as slow or large. */
export interface Limits {
  /** Of the processor's time. */
  readonly ms: number
  /** Of memory, whatever the input: what the runtime allocates in passing. */
  readonly bytes: number
  readonly bytesPerByte: number
  /** The part of the inputs that it gets, 0..1. */
  readonly share: number
}
