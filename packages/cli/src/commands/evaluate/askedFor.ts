import { type EvaluationSettings, kinds } from "@moco/evaluation/evaluationKinds"
import { applyOverrides, type RunConfig } from "@moco/train/RunConfig"
import { nearest } from "@moco/train/RunConfig/nearest"
import { Effect, Option } from "effect"
import { Flag } from "effect/cli"
import { FlagsInvalid } from "../../FlagsInvalid.ts"

const names: ReadonlyArray<string> = kinds.map(({ name }) => name)

export const evaluationsFlag = Flag.String("evaluations").pipe(
  Flag.withDescription(`by which to measure, with commas: ${names.join(", ")} (default: those of the run)`),
  Flag.withMetavar("NAMES"),
  Flag.optional
)

/** Settings of an evaluation that is asked for and that the run's config does not have. */
const usual: Required<EvaluationSettings> = {
  knn: { everyEpochs: 1, k: [200, 20], temperature: 0.1 },
  linear: { everyEpochs: 1, labels: [1, 0.1, 0.01] },
  retrieval: { everyEpochs: 1, k: [1, 10] },
  clustering: { everyEpochs: 1 },
  pretext: { everyEpochs: 1, numImages: 2000 },
  spectrum: { everyEpochs: 1, numImages: 500 },
  fineTune: { everyEpochs: 1, labels: [0.1, 0.01], epochs: 30, learningRate: 0.01, batchSize: 128 },
  supervised: { everyEpochs: 1, labels: [1], epochs: 10, learningRate: 0.06, batchSize: 128 }
}

/** The run's config with the evaluations that are asked for, its own settings of them where it has any. */
export const askedFor = Effect.fn("cli.askedFor")(function* (
  config: RunConfig,
  flag: Option.Option<string>,
  sets: Readonly<Record<string, string>>
) {
  const asked = Option.match(flag, {
    onNone: () => Object.keys(config.evaluations),
    onSome: (text) => text.split(",").map((name) => name.trim())
  })
  const unknown = asked.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const near = nearest(unknown, names)
    return yield* new FlagsInvalid({
      flags: `--evaluations=${Option.getOrElse(flag, () => "")}`,
      problem: `${unknown} is the name of no evaluation`,
      hint: near === undefined ? `evaluations: ${names.join(", ")}` : `did you mean ${near}?`
    })
  }
  if (asked.length === 0) {
    return yield* new FlagsInvalid({
      flags: "evaluate",
      problem: "the run names no evaluations",
      hint: `name some with --evaluations, of ${names.join(", ")}`
    })
  }
  const own: Readonly<Record<string, unknown>> = config.evaluations
  const layer = Object.fromEntries(
    names.map((name) => [
      name,
      asked.includes(name) ? (own[name] ?? (usual as Readonly<Record<string, unknown>>)[name]) : null
    ])
  )
  return yield* applyOverrides(config, [{ evaluations: layer }], sets)
})
