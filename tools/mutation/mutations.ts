import type { Mutation } from "./Mutation.ts"
import { choiceMutations } from "./mutations/choice.ts"
import { dictionaryMutations } from "./mutations/dictionary.ts"
import { encoderMutations } from "./mutations/encoder.ts"
import { evaluationMutations } from "./mutations/evaluation.ts"
import { imagesMutations } from "./mutations/images.ts"
import { lossMutations } from "./mutations/loss.ts"
import { ownershipMutations } from "./mutations/ownership.ts"
import { stateMutations } from "./mutations/state.ts"
import { viewsMutations } from "./mutations/views.ts"

/** Every change that the narrow tests have to notice. */
export const mutations: ReadonlyArray<Mutation> = [
  ...dictionaryMutations,
  ...lossMutations,
  ...encoderMutations,
  ...ownershipMutations,
  ...viewsMutations,
  ...imagesMutations,
  ...stateMutations,
  ...choiceMutations,
  ...evaluationMutations
]
