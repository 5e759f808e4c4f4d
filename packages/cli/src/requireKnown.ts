import type { StoredEncoder } from "@moco/train/StoredEncoder"
import { Effect } from "effect"
import { FlagsInvalid } from "./FlagsInvalid.ts"

/**
 * No config tells what was given in code, and images and views of other stages would be taken for those of the run.
 *
 * @param hint  how whoever has the stages does it
 */
export const requireKnown = ({ ownStages, weights }: StoredEncoder, hint: string) =>
  ownStages.length === 0
    ? Effect.void
    : Effect.fail(
        new FlagsInvalid({
          flags: weights.source,
          problem: `its run has stages that were given in code (${ownStages.join(", ")}), which this program has not`,
          hint
        })
      )
