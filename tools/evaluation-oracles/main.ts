import { parseArgs } from "node:util"
import { Backend } from "@moco/core/Backend"
import * as SafeFile from "@moco/core/SafeFile"
import * as Tensor from "@moco/core/Tensor"
import { fitLogistic } from "@moco/evaluation/linear/logisticRegression"
import { rowsOf } from "@moco/evaluation/unitRows"
import { median } from "@moco/train/Bench/report"
import { Clock, Console, Effect, FileSystem, Path, Schema } from "effect"
import { runTool } from "../runTool.ts"
import { type Comparison, comparisons, featuresOf, part } from "./comparisons.ts"
import { ask, Fitted, Found, OraclesDiffer } from "./python.ts"

/**
 * Compares the mathematics of evaluations with numpy and scikit-learn on random features, and the time of a logistic
 * regression in turn with scikit-learn's.
 *
 *     npx nx run tools:evaluation-oracles -- --python=PYTHON [--images=60000] [--rounds=3] [--threads=2]
 *
 * PYTHON needs numpy and scikit-learn.
 */
const usage =
  "usage: npx nx run tools:evaluation-oracles -- --python=PYTHON [--images=60000] [--rounds=3] [--threads=2]"

/** How long ours may take of what scikit-learn takes, and how far above its loss it may end. */
const [ratioAllowed, lossAllowed] = [1.2, 1e-5]

const flag = Effect.fnUntraced(function* (
  values: Partial<Record<string, string>>,
  name: string,
  least: number
) {
  const number = Number(values[name])
  if (Number.isInteger(number) && number >= least && number <= 1e6) return number
  return yield* new OraclesDiffer({
    problem: `--${name}=${values[name]}: must be a whole number, ${least} to 1000000`,
    hint: usage
  })
})

const options = {
  python: { type: "string", default: "python3" },
  images: { type: "string", default: "60000" },
  rounds: { type: "string", default: "3" },
  threads: { type: "string", default: "2" }
} as const

const flags = Effect.gen(function* () {
  const { values } = yield* Effect.try({
    try: () => parseArgs({ options }),
    catch: (error) => new OraclesDiffer({ problem: String(error), hint: usage })
  })
  return {
    python: values.python,
    numImages: yield* flag(values, "images", part),
    numRounds: yield* flag(values, "rounds", 1),
    threads: yield* flag(values, "threads", 1)
  }
})

type Flags = Effect.Success<typeof flags>

const compare = Effect.fnUntraced(function* ({ numImages, numRounds, python, threads }: Flags) {
  yield* Backend
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* fs.makeTempDirectoryScoped()
  const found = yield* ask(python, ["data", folder, String(numImages)], threads, Schema.fromJsonString(Found))
  const read = (name: string) => SafeFile.readBytes(path.join(folder, name), { maxBytes: 2 ** 32 })
  const values = new Float32Array((yield* read("features.f32")).slice().buffer)
  const labels = new Int32Array((yield* read("labels.i32")).slice().buffer)
  const feature_NC = yield* Tensor.scoped("oracles.features", () => featuresOf(values))
  const first_NC = yield* Tensor.scoped("oracles.first", () => rowsOf(feature_NC, [0, part]))
  const rows = yield* comparisons(first_NC, labels.slice(0, part), found)
  const ratios: Array<number> = []
  const losses: Array<number> = []
  for (let round = 0; round < numRounds; round++) {
    const theirs = yield* ask(python, ["logistic", folder], threads, Schema.fromJsonString(Fitted))
    const start = yield* Clock.currentTimeMillis
    const { state } = yield* fitLogistic(feature_NC, labels, 10, { C: 1 })
    const seconds = ((yield* Clock.currentTimeMillis) - start) / 1000
    yield* Console.log(
      `logistic regression: ours ${seconds.toFixed(1)} s, ${state.iterations} iterations, loss ${state.value.toFixed(7)}; ` +
        `scikit-learn ${theirs.seconds.toFixed(1)} s, ${theirs.iterations} iterations, loss ${theirs.loss.toFixed(7)}`
    )
    ratios.push(seconds / theirs.seconds)
    losses.push(Math.max(0, state.value - theirs.loss))
  }
  return [
    ...rows,
    {
      what: "logistic regression, loss above theirs",
      difference: Math.max(...losses),
      tolerance: lossAllowed
    },
    { what: "logistic regression, part of their time", difference: median(ratios), tolerance: ratioAllowed }
  ] satisfies ReadonlyArray<Comparison>
}, Effect.scoped)

const isMissed = ({ difference, tolerance }: Comparison) => !(Math.abs(difference) <= tolerance)

const lineOf = (row: Comparison): string =>
  `${row.what.padEnd(50)} ${row.difference.toExponential(1).padStart(9)} ${row.tolerance.toExponential(1).padStart(9)}` +
  (isMissed(row) ? "  missed" : "")

const program = Effect.gen(function* () {
  const given = yield* flags
  const rows = yield* Effect.provide(compare(given), Backend.layerTensorflow({ threads: given.threads }))
  yield* Console.log(`\n${"".padEnd(50)} difference  allowed\n${rows.map(lineOf).join("\n")}`)
  const missed = rows.filter(isMissed)
  if (missed.length === 0) return
  return yield* new OraclesDiffer({
    problem: `beyond what is allowed: ${missed.map(({ what }) => what).join("; ")}`,
    hint: "see packages/evaluation/src; a time is to be measured on a machine that does nothing else"
  })
})

runTool(program)
