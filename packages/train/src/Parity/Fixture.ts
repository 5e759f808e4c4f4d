import type { Weights } from "@moco/core/Encoder"
import { ResNetConfig } from "@moco/core/Encoder/ResNetConfig"
import type { ShuffleKey } from "@moco/core/KeyShuffle"
import * as SafeFile from "@moco/core/SafeFile"
import { decode, type HostTensor, type SafetensorsMalformed } from "@moco/core/Safetensors"
import { between, dictionarySize, temperature, upTo } from "@moco/core/Setting"
import { fromTorch } from "@moco/core/TorchTensors"
import type { ViewBatch } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble } from "../fileTrouble.ts"
import { OptimizerSettings } from "../Optimizer.ts"
import { most } from "../RunConfig/bounds.ts"
import { schemaTrouble } from "../schemaTrouble.ts"

const Part = between(0, 1)

/** What a fixture says of the run that was recorded; the network's sizes are bounded as a config's are. */
const Description = Schema.Struct({
  channels: upTo(64),
  size: upTo(1024),
  block: Schema.Literals(["basic", "bottleneck"]),
  layers: Schema.Array(Schema.Int),
  width: Schema.Int,
  stem: Schema.Literals(["cifar", "imagenet"]),
  mlp: Schema.Boolean,
  splits: Schema.Int,
  batch: upTo(most.batchSize),
  K: dictionarySize,
  dim: Schema.Int,
  m: Part,
  T: temperature,
  lr: OptimizerSettings.fields.learningRate,
  momentum: Part,
  wd: OptimizerSettings.fields.weightDecay,
  steps: upTo(most.epochs),
  symmetric: Schema.Boolean
})

/** Recorded values by name. */
export type Values = Readonly<Record<string, Float32Array>>

/** A recorded run: what goes in, and what came out of PyTorch. */
export interface Fixture {
  readonly description: typeof Description.Type & { readonly name: string }
  readonly initial: Readonly<Record<string, HostTensor>>
  readonly views: Readonly<Record<string, HostTensor>>
  readonly queue: Float32Array
  readonly expected: Values
}

/** A fixture folder cannot be used; `where` is the file or the tensor at fault. */
export class FixtureUnusable extends Schema.TaggedError<FixtureUnusable>()("FixtureUnusable", {
  where: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.where}: ${this.problem}\n  a fixture folder holds fixture.json and initial, views and expected.safetensors`
  }
}

/** Bytes of a fixture's files that are read at most; recorded runs have up to some megabytes. */
const maxTensorBytes = 2 ** 30
const maxDescriptionBytes = 2 ** 16
const decodeEncoder = Schema.decodeUnknownEffect(ResNetConfig, { reportInput: true })

/** Reads a fixture folder. */
export const read = Effect.fn("Fixture.read")(function* (dir: string) {
  const path = yield* Path.Path
  const unusable = (where: string) => (cause: Parameters<typeof problemOf>[0]) =>
    new FixtureUnusable({ where, problem: problemOf(cause) })
  const tensors = Effect.fnUntraced(function* (name: string) {
    const file = path.join(dir, `${name}.safetensors`)
    const contents = yield* SafeFile.readBytes(file, { maxBytes: maxTensorBytes }).pipe(
      Effect.flatMap(decode),
      Effect.mapError(unusable(file))
    )
    return contents.tensors
  })
  const file = path.join(dir, "fixture.json")
  const description = yield* SafeFile.readText(file, { maxBytes: maxDescriptionBytes }).pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Schema.fromJsonString(Description), { reportInput: true })),
    Effect.mapError(unusable(file))
  )
  const encoder = encoderConfig({ ...description, name: "" })
  yield* Effect.mapError(decodeEncoder(encoder), unusable(file))
  const initial = yield* tensors("initial")
  const views = yield* tensors("views")
  const expected = yield* tensors("expected")
  const { queue } = initial
  if (queue?.dtype !== "F32" || queue.data.length !== description.K * description.dim) {
    return yield* new FixtureUnusable({
      where: path.join(dir, "initial.safetensors"),
      problem: "queue is not F32 [K, dim]"
    })
  }
  const fixture: Fixture = {
    description: { ...description, name: path.basename(path.resolve(dir)) },
    initial,
    views,
    queue: queue.data,
    expected: Object.fromEntries(
      Object.entries(expected).flatMap(([name, tensor]) =>
        tensor.dtype === "F32" ? [[name, tensor.data]] : []
      )
    )
  }
  return fixture
})

const problemOf = (cause: PlatformError | Schema.SchemaError | SafetensorsMalformed): string => {
  switch (cause._tag) {
    case "PlatformError":
      return fileTrouble(cause).reason
    case "SchemaError":
      return schemaTrouble(cause)
    case "SafetensorsMalformed":
      return cause.message
  }
}

/** The recorded encoder in our terms. */
export const encoderConfig = (description: Fixture["description"]): ResNetConfig => ({
  block: description.block,
  layers: description.layers,
  width: description.width,
  stem: description.stem,
  head: description.mlp ? "mlp" : "linear",
  featureSize: description.dim,
  batchNormGroups: description.splits
})

/** The recorded initial weights; the tensors belong to the caller. */
export const initialWeights = ({ initial }: Fixture): Weights => {
  const prefix = "encoder_q."
  const entries = Object.entries(initial)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, tensor]) => [name.slice(prefix.length), tensor] as const)
  const isStatistic = ([name]: readonly [string, HostTensor]) => /\.running_(mean|var)$/.test(name)
  return {
    parameters: fromTorch(Object.fromEntries(entries.filter((entry) => !isStatistic(entry)))),
    statistics: fromTorch(Object.fromEntries(entries.filter(isStatistic)))
  }
}

/** The recorded views of a step, as NHWC. */
export const batch = ({ description, views }: Fixture, step: number): ViewBatch => {
  const view = (name: string) => {
    const recorded = views[`step${step}.${name}`]
    if (recorded?.dtype !== "F32")
      throw new FixtureUnusable({ where: `step${step}.${name}`, problem: "no F32 tensor" })
    return tf.tidy(() =>
      tf.transpose(
        tf.tensor4d(recorded.data, recorded.shape as [number, number, number, number]),
        [0, 2, 3, 1]
      )
    )
  }
  return {
    step,
    epoch: 0,
    indices: Int32Array.from({ length: description.batch }, (_, index) => index),
    views: () => ({ viewQ_NHWC: view("view_q"), viewK_NHWC: view("view_k") })
  }
}

/** The recorded order in which a direction's keys were encoded. */
export const shuffleOrder = ({ views }: Fixture, { direction, step }: ShuffleKey): Int32Array => {
  const name = `step${step}.shuffle${direction === 0 ? "" : "2"}`
  const recorded = views[name]
  if (recorded?.dtype !== "I64") throw new FixtureUnusable({ where: name, problem: "no I64 tensor" })
  return Int32Array.from(recorded.data, Number)
}
