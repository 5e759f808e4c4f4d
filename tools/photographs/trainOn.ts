import { join } from "node:path"
import * as SafeFile from "@moco/core/SafeFile"
import { Measurement } from "@moco/evaluation/Measurement"
import * as Run from "@moco/train/Run"
import { applyOverrides } from "@moco/train/RunConfig"
import { Console, Effect, FileSystem, Option, Schema } from "effect"
import { type Asked, leaveOneOut } from "./leaveOneOut.ts"
import type { PhotographSet } from "./sets.ts"

const neighbours = [1, 5, 20]

/** What came of one seed. */
export const SeedResult = Schema.Struct({
  seed: Schema.Int,
  epochs: Schema.Int,
  trainingSeconds: Schema.Finite,
  measurements: Schema.Array(Measurement)
})
export type SeedResult = typeof SeedResult.Type

/** How settings are tried that are to be chosen. */
export interface Trial {
  /** Changes of the set's config, by path, as for `--set`. */
  readonly sets: Readonly<Record<string, string>>
  /** Whether only those images are asked about by which settings are chosen, and at four times of the run. */
  readonly isTuning: boolean
}

/** The stages that are not the config's: the stamps are too few to be parted. */
const stagesOf = ({ name }: PhotographSet, epochs: number, { isTuning }: Trial) => {
  if (name !== "stamps") return {}
  const asked: ReadonlyArray<Asked> = isTuning ? ["tuning"] : ["all", "unseen", "tuning"]
  return { evaluations: [leaveOneOut(neighbours, asked, isTuning ? Math.ceil(epochs / 4) : epochs)] }
}

/**
 * Trains an encoder on a set, in a folder of its own, or goes on where it was stopped; what came of it stays beside the
 * folder, and is read there the next time.
 *
 * @returns what was measured at its end, of the encoder and of the baselines
 */
export const trainOn = Effect.fn("photographs.trainOn")(function* (
  set: PhotographSet,
  packed: string,
  seed: number,
  folder: string,
  trial: Trial
) {
  const run = join(folder, `${set.name}-seed${seed}`)
  const before = yield* Effect.option(SafeFile.readText(`${run}.json`, { maxBytes: 2 ** 20 }))
  if (Option.isSome(before)) return yield* decodeResult(before.value)
  const config = yield* applyOverrides(set.configOf(packed, seed), [], trial.sets)
  const hasBegun = yield* (yield* FileSystem.FileSystem).exists(join(run, "config.json"))
  const opened = yield* Run.open(hasBegun ? { resume: run } : { config, folder: run }, {
    stages: stagesOf(set, config.training.epochs, trial)
  })
  yield* Console.log(`${set.name}, seed ${seed}: ${config.training.epochs} epochs in ${run}`)
  const { measurements, trainingSeconds } = yield* opened.train()
  const result: SeedResult = { seed, epochs: config.training.epochs, trainingSeconds, measurements }
  yield* SafeFile.replaceText(`${run}.json`, JSON.stringify(result))
  return result
}, Effect.scoped)

const decodeResult = Schema.decodeUnknownEffect(Schema.fromJsonString(SeedResult))
