import * as Stage from "@moco/core/Stage"
import { ownImages } from "@moco/data/DataSettings"
import type { GivenWeights } from "../InitialWeights.ts"
import type { Stages } from "../PretrainLayers.ts"
import type { RunConfig } from "../RunConfig.ts"

/**
 * The names of the stages that stand in place of a config's, in their alphabetical order. Evaluations stand beside the
 * config's and are none of them: like those, they may be others when the run goes on.
 */
export const ownStageNames = ({ evaluations: _, ...stages }: Stages): ReadonlyArray<string> =>
  Object.entries(stages)
    .flatMap(([name, stage]) => (stage === undefined ? [] : [name]))
    .toSorted()

/** Stages of a program's own have to fit what else a run is told. */
export const checkOwnStages = (
  { data }: RunConfig,
  initial: GivenWeights | undefined,
  { dataset, encoder }: Stages
) =>
  Stage.check(
    "Run.open",
    Stage.that(
      dataset === undefined || data.name === ownImages,
      "data.name",
      data.name,
      "names a data set, and another one is given in code",
      `set data.name to ${ownImages}, so that nothing is taken to be known of the images`
    ),
    Stage.that(
      encoder === undefined || initial === undefined,
      "initFrom",
      initial?.source,
      "has the weights of the encoder that the config names, and another one is given in code",
      "leave it away, and let your encoder begin with them"
    )
  )
