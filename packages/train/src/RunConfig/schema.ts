import { ResNetConfig } from "@moco/core/Encoder/ResNetConfig"
import { AugmentationSettings } from "@moco/data/Augmentation"
import { EvaluationSettings } from "@moco/evaluation/evaluationKinds"
import { Schema } from "effect"
import { leastTemperature, most } from "./bounds.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))
const positiveUpTo = (maximum: number) =>
  Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(maximum))
const between = (minimum: number, maximum: number) =>
  Schema.Finite.check(Schema.isBetween({ minimum, maximum }))

const rising = Schema.makeFilter(
  (values: ReadonlyArray<number>) =>
    values.every((value, i) => i === 0 || value > values[i - 1]!) || "must rise from one to the next"
)

const Data = Schema.Struct({
  name: Schema.Literals(["fashion-mnist-10k", "fashion-mnist"]).annotate({
    description: "the embedded 10,000 images, or all 70,000 (to be installed)"
  }),
  judge: Schema.Literals(["test", "validation"]).annotate({
    description: "judge by the test images, or, while choosing settings, by training images held back"
  })
})

/** Where keys come from and which negatives stand beside them; told apart by `kind`. */
const Dictionary = Schema.Union([
  Schema.Struct({
    kind: Schema.Literal("queue"),
    size: upTo(most.dictionarySize).annotate({
      description: "keys in the queue, K; also the number of negatives"
    })
  }),
  Schema.Struct({
    kind: Schema.Literal("memoryBank"),
    size: upTo(most.dictionarySize).annotate({ description: "negatives that a step draws from the bank, K" }),
    entryMomentum: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1)).annotate({
      description:
        "part of an image's entry that is kept when it is seen again; unitless, 0.5 in the literature"
    }),
    redrawOwn: Schema.Boolean.annotate({
      description: "draw a negative again that is the query's own entry"
    })
  }),
  Schema.Struct({
    kind: Schema.Literal("endToEnd"),
    weights: Schema.Literals(["separate", "shared"]).annotate({
      description: "two encoders, each with its own gradient, or one for both views"
    })
  })
]).annotate({ description: "the dictionary that queries are compared with" })

const m = between(0, 1).annotate({
  description: "part of the key encoder that is kept in a step; 0 copies the query encoder, 1 never moves"
})

/** How the key encoder of a queue follows the query encoder; told apart by `kind`. */
const Momentum = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("ema"), m }),
  Schema.Struct({
    kind: Schema.Literal("cosine"),
    m: m.annotate({ description: "m at the start; 1 at the end" })
  }),
  Schema.Struct({ kind: Schema.Literal("copy") }),
  Schema.Struct({ kind: Schema.Literal("frozen") })
]).annotate({ description: "how the key encoder of a queue follows the query encoder" })

const KeyShuffle = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("shuffle") }),
  Schema.Struct({ kind: Schema.Literal("none") }),
  Schema.Struct({ kind: Schema.Literal("plain") })
]).annotate({
  description: "whether keys are encoded in another order than their queries; plain: with ordinary batch norm"
})

const temperature = between(leastTemperature, most.temperature).annotate({
  description: "divides the similarities; unitless, 0.07 in MoCo v1, 0.2 in v2"
})
const symmetric = Schema.Boolean.annotate({
  description: "let each view be the query once; twice the work per step"
})

const Loss = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("infoNce"), temperature, symmetric }),
  Schema.Struct({ kind: Schema.Literal("nce"), temperature, symmetric })
]).annotate({
  description:
    "what training minimises; nce is the memory bank's original loss, normalised by the first features in the bank (docs/nce.md)"
})

/** How the learning rate changes over the run; told apart by `kind`. */
const Schedule = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("cosine") }),
  Schema.Struct({
    kind: Schema.Literal("step"),
    milestones: Schema.Array(upTo(most.epochs))
      .check(Schema.isMinLength(1), Schema.isMaxLength(most.milestones), rising)
      .annotate({ description: "epochs at which the learning rate is multiplied by factor, rising" }),
    factor: positiveUpTo(1).annotate({
      description: "what the learning rate is multiplied by at a milestone; unitless, e.g. 0.1"
    })
  }),
  Schema.Struct({ kind: Schema.Literal("constant") })
]).annotate({
  description:
    "how the learning rate changes over the run; cosine moves it in every step, the authors' code once an epoch"
})

const Optimizer = Schema.Struct({
  learningRate: positiveUpTo(most.learningRate).annotate({
    description: "size of a step at the start; 0.03 to 0.06 is usual"
  }),
  momentum: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1)).annotate({
    description: "part of the last step that is kept; unitless, 0.9 is usual"
  }),
  weightDecay: between(0, most.weightDecay).annotate({
    description: "pull of every parameter towards 0; 0.0001 to 0.0005 is usual"
  }),
  schedule: Schedule
})

const Training = Schema.Struct({
  epochs: upTo(most.epochs).annotate({ description: "how often every training image is seen" }),
  batchSize: upTo(most.batchSize).annotate({ description: "images in a step" })
})

const Backend = Schema.Struct({
  name: Schema.Literals(["tensorflow", "cpu"]).annotate({
    description: "libtensorflow, or tfjs's JavaScript kernels (about 500 times slower, for tests)"
  }),
  threads: upTo(most.threads).annotate({ description: "threads inside one operation" })
})

/** Everything a run depends on. Two runs of one config on one machine and library version are the same run. */
export const RunConfig = Schema.Struct({
  recipe: Schema.String.check(
    Schema.isMaxLength(most.nameLength),
    Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, {
      expected: "a name of letters, digits, - and _ that starts with a letter or digit"
    })
  ).annotate({ description: "name of the recipe; the run folder is named after it" }),
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff })).annotate({
    description: "seed of everything random, an integer below 2^32"
  }),
  data: Data,
  augmentation: AugmentationSettings,
  encoder: ResNetConfig,
  dictionary: Dictionary,
  momentum: Momentum,
  keyShuffle: KeyShuffle,
  loss: Loss,
  optimizer: Optimizer,
  training: Training,
  evaluations: EvaluationSettings.annotate({
    description:
      "evaluations of the encoder, side by side; the first metric of the first one says which state is the best"
  }),
  backend: Backend
})
export type RunConfig = typeof RunConfig.Type
