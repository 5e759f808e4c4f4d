import { access } from "node:fs/promises"
import { join } from "node:path"
import type { Measurement } from "@moco/evaluation/Measurement"
import * as Run from "@moco/train/Run"
import { Console, Effect } from "effect"
import { leaveOneOut } from "./leaveOneOut.ts"
import type { PhotographSet } from "./sets.ts"

const neighbours = [1, 5, 20]

/** The stages that are not the config's: the stamps are too few to be parted. */
const stagesOf = ({ name }: PhotographSet, epochs: number) =>
  name === "stamps" ? { evaluations: [leaveOneOut(neighbours, ["all", "unseen"], epochs)] } : {}

/**
 * Trains an encoder on a set, in a folder of its own, or goes on where it was stopped.
 *
 * @returns what was measured at its end, of the encoder and of the baselines
 */
export const trainOn = Effect.fn("photographs.trainOn")(function* (
  set: PhotographSet,
  packed: string,
  seed: number,
  folder: string
) {
  const run = join(folder, `${set.name}-seed${seed}`)
  const config = set.configOf(packed, seed)
  const isThere = yield* Effect.promise(() =>
    access(join(run, "config.json")).then(
      () => true,
      () => false
    )
  )
  const opened = yield* Run.open(isThere ? { resume: run } : { config, folder: run }, {
    stages: stagesOf(set, config.training.epochs)
  })
  yield* Console.log(`${set.name}, seed ${seed}: ${config.training.epochs} epochs in ${run}`)
  const { measurements, trainingSeconds } = yield* opened.train()
  return { seed, trainingSeconds, measurements: measurements as ReadonlyArray<Measurement> }
}, Effect.scoped)
