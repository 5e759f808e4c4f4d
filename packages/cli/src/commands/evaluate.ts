import { check as checkEnvironment } from "@moco/core/EnvironmentInvalid"
import * as Escape from "@moco/core/Escape"
import { metricsOf } from "@moco/evaluation/evaluationKinds"
import { measurementRows } from "@moco/report/measurementRows"
import { evaluateStored } from "@moco/train/evaluateStored"
import { type Evaluated, encodeEvaluated, keepEvaluated } from "@moco/train/RunFolder/evaluated"
import { filesOf } from "@moco/train/RunFolder/files"
import * as StoredEncoder from "@moco/train/StoredEncoder"
import { Clock, Console, Duration, Effect, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { FlagsInvalid } from "../FlagsInvalid.ts"
import { dataDirFlag, jsonFlag, pathFlag } from "../flags.ts"
import { requireKnown } from "../requireKnown.ts"
import { requireUsed } from "../requireUsed.ts"
import { askedFor, evaluationsFlag } from "./evaluate/askedFor.ts"

const flags = {
  run: pathFlag("run", "the folder of a run; it may be at work", "RUN"),
  which: Flag.Literals("which", ["last", "best"]).pipe(
    Flag.withDescription("which state of the run: the last one, or the best by its first metric"),
    Flag.withDefault("last" as const)
  ),
  checkpoint: pathFlag(
    "checkpoint",
    "one checkpoint of a run, or an encoder that a run has exported",
    "FILE"
  ),
  evaluations: evaluationsFlag,
  set: Flag.KeyValuePair("set").pipe(
    Flag.withDescription("replace the value of a setting, e.g. --set evaluations.knn.k=[5,20]"),
    Flag.withMetavar("PATH=VALUE"),
    Flag.withDefault({})
  ),
  baselines: Flag.Boolean("baselines").pipe(
    Flag.withDescription("measure raw pixels and the untrained encoder too; --no-baselines leaves them out"),
    Flag.withDefault(true)
  ),
  dataDir: dataDirFlag,
  json: jsonFlag("the measurements")
}

/** `moco evaluate`: measures an encoder that lies in files, and the baselines beside it. */
export const evaluate = Command.make(
  "evaluate",
  flags,
  Effect.fn("cli.evaluate")(function* ({
    baselines,
    checkpoint,
    dataDir,
    evaluations,
    json,
    run,
    set,
    which
  }) {
    yield* checkEnvironment(process.env)
    const stored = yield* storedOf(run, checkpoint, which)
    yield* requireKnown(
      stored,
      "measure it in code: evaluateStored(config, weights, { stages }) of @moco/train/evaluateStored"
    )
    const config = yield* askedFor(stored.config, evaluations, set)
    yield* requireUsed(dataDir, [config])
    const from = stored.step === undefined ? "" : `, after ${stored.step} steps`
    const metrics = metricsOf(config.evaluations).length
    yield* Console.log(
      `${Escape.line(stored.weights.source)} (${stored.which}${from}): ${metrics} metrics of ${config.data.name}`
    )
    const [took, { images, measurements }] = yield* Effect.timed(
      Effect.interruptible(
        evaluateStored(config, stored.weights, {
          baselines,
          dataDir: Option.getOrUndefined(dataDir),
          observe: (subject) => Console.error(`  ${subject} ...`)
        })
      )
    )
    const time = new Date(yield* Clock.currentTimeMillis).toISOString()
    const { step, weights, which: state } = stored
    const evaluated: Evaluated = {
      ...{ time, which: state, weights: weights.sha256, images, measurements },
      ...(step === undefined ? {} : { step }),
      evaluations: config.evaluations
    }
    yield* Console.log(["", ...measurementRows(measurements), ""].join("\n"))
    const seconds = Math.round(Duration.toSeconds(took))
    yield* Console.log(`measured in ${seconds} s; data ${images.name}, ${images.sha256.slice(0, 12)}`)
    if (Option.isSome(run)) {
      const { evaluations: file } = filesOf(yield* Path.Path, run.value)
      yield* keepEvaluated(file, evaluated)
      yield* Console.log(`kept in ${Escape.line(file)}`)
    }
    if (json) yield* Console.log(encodeEvaluated(evaluated))
  }, Effect.uninterruptible)
).pipe(
  Command.withDescription(
    "Measure an encoder by kNN, linear probes, retrieval and more, beside its baselines"
  ),
  Command.withExamples([
    {
      command: "npx moco evaluate --run=runs/fashionMnist10k-1 --evaluations=knn,linear",
      description: "the last state of a run"
    },
    {
      command:
        "npx moco evaluate --run=RUN --which=best --evaluations=linear --set evaluations.linear.fit=sgd",
      description: "its best state, by the authors' linear probe"
    }
  ])
)

const storedOf = (run: Option.Option<string>, checkpoint: Option.Option<string>, which: "last" | "best") => {
  if (Option.isSome(run) === Option.isSome(checkpoint)) {
    const problem = Option.isSome(run) ? "both name an encoder" : "neither --run nor --checkpoint is given"
    const named = Option.isSome(run) ? "--run and --checkpoint" : "evaluate"
    const hint = "give the folder of a run with --run=RUN, or a file with --checkpoint=FILE"
    return Effect.fail(new FlagsInvalid({ flags: named, problem, hint }))
  }
  return Option.isSome(run)
    ? StoredEncoder.ofRun(run.value, which)
    : StoredEncoder.ofFile(Option.getOrThrow(checkpoint))
}
