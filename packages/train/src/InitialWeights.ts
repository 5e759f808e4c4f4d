import type { Network, Weights } from "@moco/core/Encoder"
import type { HostTensor } from "@moco/core/Safetensors"
import * as Tensor from "@moco/core/Tensor"
import { fromTorch } from "@moco/core/TorchTensors"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { shorten } from "./RunConfig/Problem.ts"

/** Weights from a file, in PyTorch's layout and with torchvision's names, and where they come from. */
export interface GivenWeights {
  /** The file, as it was named. */
  readonly source: string
  /** Of the file. */
  readonly sha256: string
  readonly tensors: Readonly<Record<string, HostTensor>>
}

const Names = Schema.Array(Schema.String)

/** Weights that are no weights of the encoder that the config describes. */
export class WeightsUnfit extends Schema.TaggedError<WeightsUnfit>()("WeightsUnfit", {
  source: Schema.String,
  /** Tensors of another shape or type, or that hold no numbers, each with what is wrong with it. */
  wrong: Names,
  /** Names that the encoder has and the weights have not. */
  missing: Names,
  /** Names that the weights have and the encoder has not. */
  unexpected: Names
}) {
  override get message() {
    return [
      `the weights in ${shorten(this.source, 300)} do not fit the encoder that the config describes:`,
      ...this.wrong.slice(0, maxShown).map((problem) => `  ${shorten(problem, 200)}`),
      ...beyond(this.wrong).map((rest) => `  ${rest}`),
      ...listed("missing", this.missing),
      ...listed("not part of it", this.unexpected),
      "  set encoder.block, layers, width and stem as they were, or take other weights"
    ].join("\n")
  }
}

const maxShown = 12

const beyond = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length > maxShown ? [`and ${names.length - maxShown} more`] : []

const listed = (what: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length === 0
    ? []
    : [
        `  ${what}: ${[...names.slice(0, maxShown).map((name) => shorten(name, 80)), ...beyond(names)].join(", ")}`
      ]

/** What of given weights an encoder takes. */
export interface WeightMatch {
  readonly taken: Readonly<Record<string, HostTensor>>
  /** Why the head is left as the seed gives it; empty where it is taken. */
  readonly headLeftOut: ReadonlyArray<string>
}

/**
 * Finds a tensor for every weight of the backbone, or fails with all that are missing, of another shape or type, not
 * finite, or unexpected. The head is taken as a whole or left out: it depends on the length of a feature, which is no
 * part of what was learned about images.
 */
export const matchWeights = Effect.fnUntraced(function* (
  network: Network,
  { source, tensors }: GivenWeights
) {
  const shapes = yield* Tensor.run("InitialWeights.matchWeights", () => {
    const { parameters, statistics } = network.init(0)
    return { ...shapesOf(parameters), ...shapesOf(statistics) }
  })
  const names = Object.keys(shapes)
  const backbone = names.filter((name) => !isHead(name))
  const problemAt = (name: string) => problemOf(name, shapes[name]!, tensors[name])
  const missing = backbone.filter((name) => tensors[name] === undefined)
  const wrong = backbone.filter((name) => tensors[name] !== undefined).flatMap(problemAt)
  const unexpected = Object.keys(tensors).filter(
    (name) => !Object.hasOwn(shapes, name) && !isHead(name) && !name.endsWith(".num_batches_tracked")
  )
  if (missing.length + wrong.length + unexpected.length > 0) {
    return yield* new WeightsUnfit({ source, wrong, missing, unexpected })
  }
  const headLeftOut = names.filter(isHead).flatMap(problemAt)
  const isTaken = (name: string) => headLeftOut.length === 0 || !isHead(name)
  const taken = Object.fromEntries(names.filter(isTaken).map((name) => [name, tensors[name]!]))
  return { taken, headLeftOut } satisfies WeightMatch
})

/** `weights` with what was `taken` in its place, new tensors; the caller gives `weights` away. Pure. */
export const withWeights =
  (taken: WeightMatch["taken"]) =>
  ({ parameters, statistics }: Weights): Weights => {
    const given = fromTorch(taken)
    const over = (tensors: Tensor.NamedTensors) =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, given[name] ?? tensor]))
    for (const [name, tensor] of Object.entries({ ...parameters, ...statistics })) {
      if (given[name] !== undefined) tensor.dispose()
    }
    return { parameters: over(parameters), statistics: over(statistics) }
  }

const isHead = (name: string): boolean => name.startsWith("fc.")

const shapesOf = (tensors: Tensor.NamedTensors): Readonly<Record<string, ReadonlyArray<number>>> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, torchShape(tensor)]))

/** The shape that {@link fromTorch} makes this tensor's of. */
const torchShape = ({ shape }: tf.Tensor): ReadonlyArray<number> => {
  if (shape.length !== 4) return shape
  const [height, width, inputs, outputs] = shape as [number, number, number, number]
  return [outputs, inputs, height, width]
}

const problemOf = (
  name: string,
  shape: ReadonlyArray<number>,
  found: HostTensor | undefined
): ReadonlyArray<string> => {
  if (found === undefined) return [`${name} is missing`]
  if (String(found.shape) !== String(shape)) return [`${name} is [${found.shape}] and should be [${shape}]`]
  if (found.dtype !== "F32") return [`${name} holds ${found.dtype} and should hold F32`]
  return found.data.every(Number.isFinite) ? [] : [`${name} holds a number that is not finite`]
}
