import { Effect } from "effect"
import type { Evaluation } from "../Evaluation.ts"
import type { Subject } from "../subjects.ts"
import { checkMeasured } from "./checkMeasured.ts"
import { comparable, incomparable } from "./comparable.ts"

/**
 * Measures a subject by an evaluation: its representation must be one that can be compared, and what is measured what the
 * evaluation says that it measures. Interruptible, for it may take minutes.
 */
export const measure = Effect.fnUntraced(function* (
  evaluation: Evaluation["Service"],
  { represent, representation, subject }: Subject
) {
  const found = yield* Effect.catchTag(
    Effect.interruptible(evaluation.evaluate(comparable(represent, representation), subject)),
    "TensorError",
    incomparable
  )
  return yield* checkMeasured(evaluation, found)
})
