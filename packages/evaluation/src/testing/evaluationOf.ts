import { Effect } from "effect"
import * as Embedding from "../Embedding.ts"
import { Evaluation } from "../Evaluation.ts"

/** What the evaluation measures of a subject, in an embedding of its own. */
export const evaluationOf = (subject: Omit<Embedding.Subject, "representation">) =>
  Effect.gen(function* () {
    const { evaluate } = yield* Evaluation
    return yield* evaluate(yield* Embedding.open({ ...subject, representation: subject.subject }))
  }).pipe(Effect.scoped)
