import { Effect } from "effect"
import { cardMetadata, encoderCard } from "../EncoderCard.ts"
import { encoderBytes } from "../EncoderExport.ts"
import type { RunConfig } from "../RunConfig.ts"
import * as RunFolder from "../RunFolder.ts"
import type { Prepared } from "./prepare.ts"

/** Writes the query encoder after `step` steps into its run's folder; fails where the folder is no longer the run's. */
export const exportEncoder = Effect.fn("Run.exportEncoder")(function* (
  config: RunConfig,
  folder: RunFolder.RunFolder,
  { isThere, ownNetwork }: Pick<Prepared, "isThere" | "ownNetwork">,
  step: number
) {
  // Alone in a folder it would be taken for somebody else's file.
  if (step === 0) {
    return yield* new RunFolder.RunFolderEmpty({ path: folder.path, problem: "no step was taken yet" })
  }
  const numBatches = step * (config.loss.symmetric ? 2 : 1)
  yield* RunFolder.unwritable(folder.path)(isThere)
  const card = yield* encoderCard(config, step, ownNetwork)
  yield* RunFolder.writeFile(folder.encoder, yield* encoderBytes(numBatches, cardMetadata(card)))
  // Behind it: a card must not tell of another encoder than the one beside it.
  yield* RunFolder.writeEncoderCard(folder, card)
})
