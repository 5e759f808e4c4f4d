import type { BackendUnavailable } from "@moco/core/Backend"
import type { EnvironmentInvalid } from "@moco/core/EnvironmentInvalid"
import type { StageInvalid } from "@moco/core/Stage"
import type { TensorError } from "@moco/core/Tensor"
import type { DatasetMissing } from "@moco/data/Dataset"
import type { IdxMalformed } from "@moco/data/Idx"
import type { ImageReadError } from "@moco/data/ImageSource"
import type { BatchSizeInvalid } from "@moco/data/ViewPairs"
import type { WeightsUnfit } from "../InitialWeights.ts"

/** What a stage may fail with while it is made; a command line knows an exit code for each. */
export type StageError =
  | BackendUnavailable
  | BatchSizeInvalid
  | DatasetMissing
  | EnvironmentInvalid
  | IdxMalformed
  | ImageReadError
  | StageInvalid
  | TensorError
  | WeightsUnfit
