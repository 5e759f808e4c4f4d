import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import { encode } from "@moco/core/Safetensors"
import { run } from "@moco/core/Tensor"
import { stateDict } from "@moco/core/TorchTensors"
import { Effect } from "effect"
export const encoderBytes = Effect.flatMap(QueryEncoder, (q) => run("EncoderExport", () => encode(stateDict(weightsOf(q), 0))))
