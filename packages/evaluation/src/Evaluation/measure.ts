import { Effect } from "effect"
import type { Embedding } from "../Embedding.ts"
import { applies, type Evaluation } from "../Evaluation.ts"
import { checkMeasured } from "./checkMeasured.ts"
import { incomparable } from "./comparable.ts"
import { divergedIn } from "./diverged.ts"

/**
 * Measures a subject by an evaluation: its representation must be one that can be compared, and what is measured what the
 * evaluation says that it measures; nothing of a subject that it does not apply to. Interruptible, for it may take minutes.
 */
export const measure = Effect.fnUntraced(function* (evaluation: Evaluation["Service"], embedding: Embedding) {
  if (!applies(evaluation, embedding)) return []
  const found = yield* Effect.mapError(Effect.interruptible(evaluation.evaluate(embedding)), (error) =>
    error._tag === "TensorError" ? (divergedIn(evaluation.name, error) ?? incomparable(error)) : error
  )
  return yield* checkMeasured(evaluation, found)
})
