import { QueryEncoder, snapshotOf, weightsOf } from "@moco/core/Encoder"
import { type NonFiniteTensors, requireFinite } from "@moco/core/Finite"
import { encode } from "@moco/core/Safetensors"
import * as Tensor from "@moco/core/Tensor"
import { stateDict } from "@moco/core/TorchTensors"
import { Effect } from "effect"

/**
 * The query encoder as a safetensors file with torchvision's names and layout, head (`fc`) included.
 *
 * @param numBatches  batches that its batch norm has seen: steps times directions of the loss
 * @param metadata  what the file says of itself, see `EncoderCard`
 */
export const encoderBytes = (
  numBatches: number,
  metadata: Readonly<Record<string, string>> = {}
): Effect.Effect<Uint8Array, Tensor.TensorError | NonFiniteTensors, QueryEncoder> =>
  Effect.flatMap(QueryEncoder, (query) =>
    Effect.andThen(
      requireFinite(snapshotOf(query, "query"), { subject: "the encoder to be exported", hint }),
      Tensor.run("EncoderExport.encoderBytes", () =>
        encode(stateDict(weightsOf(query), numBatches), metadata)
      )
    )
  )

const hint = "it was not written; go on from an older checkpoint with --resume=RUN"
