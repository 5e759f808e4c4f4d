import {
  type BenchReport,
  layersOfWorkload,
  bench as measure,
  takeSteps,
  type Workload
} from "@moco/train/Bench"
import { defaultBlocks } from "@moco/train/Bench/blocks"
import { LoadMeter } from "@moco/train/Bench/LoadMeter"
import { reportText } from "@moco/train/Bench/report"
import { explain, OutOfMemory } from "@moco/train/OutOfMemory"
import { defaultProfile } from "@moco/train/Profile"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Console, Effect, Layer } from "effect"
import { Command, Flag } from "effect/cli"
import { profileFileOf, profileFlag, withProfile } from "../profile.ts"
import { renderReport, renderWorkload } from "./bench/render.ts"
import { type BenchFlags, encoders, imageNetSize, workloadOf } from "./bench/workload.ts"

const count = (name: string, description: string, byDefault: number) =>
  Flag.Int(name).pipe(
    Flag.withDescription(`${description} (default: ${byDefault})`),
    Flag.withDefault(byDefault)
  )

const defaultProfileFile = "runs/bench-profile.json"

const flags = {
  encoder: Flag.String("encoder").pipe(
    Flag.withDescription(`one of ${Object.keys(encoders).join(", ")} (default: resnet20)`),
    Flag.withDefault("resnet20")
  ),
  stem: Flag.Literals("stem", ["cifar", "imagenet"]).pipe(
    Flag.withDescription(
      `3x3 of stride 1, or 7x7 of stride 2 and a max-pool (default: imagenet from ${imageNetSize} pixels on)`
    ),
    Flag.optional
  ),
  imageSize: count("image-size", "height and width of the images, pixels", 28),
  channels: count("channels", "channels of the images", 1),
  // nx keeps `--batch` and what begins with `--batch-` for itself, unless it stands behind `--`.
  batchSize: count("batch-size", "images in a step; behind nx without `--` it is --batchSize", 256).pipe(
    Flag.withAlias("batchSize")
  ),
  queueSize: count("queue-size", "keys in the queue, K", 4096),
  bnGroups: count("bn-groups", "parts of a batch with batch statistics of their own", 1),
  augment: Flag.Literals("augment", ["on", "off"]).pipe(
    Flag.withDescription("off: views are their images, normalised (default: on)"),
    Flag.withDefault("on" as const)
  ),
  steps: count("steps", "steps that are measured", 20),
  warmUp: count("warm-up", "steps that come first and do not count", 3),
  tries: count(
    "tries",
    "how often steps that other programs disturb are measured at most",
    defaultBlocks.maxTries
  ),
  threads: count("threads", "threads inside one operation", fashionMnistQuick().backend.threads),
  backend: Flag.Literals("backend", ["tensorflow", "cpu"]).pipe(
    Flag.withDescription(
      "libtensorflow, or tfjs's JavaScript kernels, about 500 times slower (default: tensorflow)"
    ),
    Flag.withDefault("tensorflow" as const)
  ),
  profile: profileFlag(defaultProfileFile)
}

/** `moco bench`: measures the training step. */
export const bench = Command.make(
  "bench",
  flags,
  Effect.fn("cli.bench")(
    function* ({ profile, ...flags }) {
      const workload = yield* workloadOf(flags)
      const file = yield* profileFileOf(profile, defaultProfileFile)
      yield* Console.log(renderWorkload(flags, workload))
      const report = yield* measured(workload, flags, file).pipe(
        Effect.provide(Layer.merge(layersOfWorkload(workload), LoadMeter.layer)),
        // Behind the layers: the dictionary and the encoder take their memory when they are made.
        Effect.catchTag("TensorError", (error) => Effect.fail(inFlags(explain(error, workload.config))))
      )
      yield* Console.log(reportText(report))
    },
    Effect.scoped,
    Effect.interruptible
  )
).pipe(
  Command.withDescription(
    "Measure the training step, stage by stage, beside what the machine can do; the last line is one JSON object"
  ),
  Command.withExamples([
    { command: "npx moco bench", description: "a ResNet-20 on small images, half a minute" },
    {
      command: "npx moco bench --encoder=resnet18 --image-size=32 --channels=3 --batch-size=64 --profile",
      description: "a ResNet-18, and which operations its step is made of"
    }
  ])
)

/** The profile is taken of steps of their own: operations that are observed take a little longer. */
const measured = Effect.fnUntraced(function* (
  workload: Workload,
  { steps, tries, warmUp }: BenchFlags,
  profileFile: string | undefined
) {
  const report: BenchReport = yield* measure(workload, {
    ...defaultBlocks,
    maxTries: tries,
    numSteps: steps,
    warmUp
  })
  yield* Console.log(`\n${renderReport(report)}`)
  const numSteps = Math.min(steps, defaultProfile.numSteps)
  if (profileFile !== undefined) {
    yield* takeSteps(numSteps).pipe(withProfile(profileFile, { warmUp: 0, numSteps }))
  }
  return report
})

/** The advice of `train` is about its own flags. */
const inFlags = (error: ReturnType<typeof explain>) =>
  error._tag === "OutOfMemory"
    ? new OutOfMemory({
        operation: error.operation,
        reason: error.reason,
        hint: "try a smaller --batch-size, --queue-size or --image-size"
      })
    : error
