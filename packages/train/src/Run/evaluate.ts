import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import { checkMeasured } from "@moco/evaluation/Evaluation/checkMeasured"
import { comparable, incomparable } from "@moco/evaluation/Evaluation/comparable"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { Effect } from "effect"

/** Measures the query encoder as it is now, by every evaluation of the run; nothing of it is logged. */
export const evaluate = Effect.gen(function* () {
  const query = yield* QueryEncoder
  const represent = comparable(
    (image_NHWC) => query.network.represent(weightsOf(query), image_NHWC),
    "the encoder's representation"
  )
  const found = yield* Effect.forEach(yield* Evaluations, (evaluation) =>
    Effect.catchTag(
      Effect.interruptible(evaluation.evaluate(represent, trainedEncoder)),
      "TensorError",
      incomparable
    ).pipe(Effect.flatMap((measured) => checkMeasured(evaluation, measured)))
  )
  return found.flat()
}).pipe(Effect.withSpan("Run.evaluate"))
