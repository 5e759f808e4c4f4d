import * as Embedding from "@moco/evaluation/Embedding"
import { measure } from "@moco/evaluation/Evaluation/measure"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { trained } from "@moco/evaluation/subjects"
import { Effect } from "effect"

/** Measures the query encoder as it is now, by every evaluation of the run; nothing of it is logged. */
export const evaluate = Effect.gen(function* () {
  const embedding = yield* Embedding.open(yield* trained)
  const found = yield* Effect.forEach(yield* Evaluations, (evaluation) => measure(evaluation, embedding))
  return found.flat()
}).pipe(Effect.scoped, Effect.withSpan("Run.evaluate"))
