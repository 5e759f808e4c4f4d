import { access } from "node:fs/promises"
import { join } from "node:path"
import * as Run from "@moco/train/Run"
import { applyOverrides } from "@moco/train/RunConfig"
import { Console, Effect } from "effect"
import { type Asked, leaveOneOut } from "./leaveOneOut.ts"
import type { PhotographSet } from "./sets.ts"

const neighbours = [1, 5, 20]

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
  const asked: ReadonlyArray<Asked> = isTuning ? ["tuning"] : ["all", "unseen"]
  return { evaluations: [leaveOneOut(neighbours, asked, isTuning ? Math.ceil(epochs / 4) : epochs)] }
}

/**
 * Trains an encoder on a set, in a folder of its own, or goes on where it was stopped.
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
  const config = yield* applyOverrides(set.configOf(packed, seed), [], trial.sets)
  const isThere = yield* Effect.promise(() =>
    access(join(run, "config.json")).then(
      () => true,
      () => false
    )
  )
  const opened = yield* Run.open(isThere ? { resume: run } : { config, folder: run }, {
    stages: stagesOf(set, config.training.epochs, trial)
  })
  yield* Console.log(`${set.name}, seed ${seed}: ${config.training.epochs} epochs in ${run}`)
  const { measurements, trainingSeconds } = yield* opened.train()
  return { seed, epochs: config.training.epochs, trainingSeconds, measurements }
}, Effect.scoped)
