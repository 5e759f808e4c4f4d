import type { Network } from "@moco/core/Encoder"
import { Effect } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { cardMetadata, encoderCard } from "../EncoderCard.ts"
import { encoderBytes } from "../EncoderExport.ts"
import type { RunConfig } from "../RunConfig.ts"
import * as RunFolder from "../RunFolder.ts"

/**
 * Writes the query encoder after `step` steps into its run's folder.
 *
 * @param isThere  fails where the folder is no longer the run's
 * @param own  the encoder's network, where it is another one than the config names
 */
export const exportEncoder = Effect.fn("Run.exportEncoder")(function* (
  config: RunConfig,
  folder: RunFolder.RunFolder,
  isThere: Effect.Effect<unknown, PlatformError>,
  own: Network | undefined,
  step: number
) {
  const numBatches = step * (config.loss.symmetric ? 2 : 1)
  yield* RunFolder.unwritable(folder.path)(isThere)
  const card = yield* encoderCard(config, step, own)
  yield* RunFolder.writeFile(folder.encoder, yield* encoderBytes(numBatches, cardMetadata(card)))
  // Behind it: a card must not tell of another encoder than the one beside it.
  yield* RunFolder.writeEncoderCard(folder, card)
})
