import type { Evaluation } from "@moco/evaluation/Evaluation"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { measured } from "@moco/evaluation/Measurement"
import { Effect } from "effect"

type Evaluate = Evaluation["Service"]["evaluate"]

/** Lets every evaluation of a run measure in another way. */
export const evaluatedBy = (change: (evaluate: Evaluate) => Evaluate) =>
  Effect.updateService(Evaluations, (all) => all.map((one) => ({ ...one, evaluate: change(one.evaluate) })))

/** Lets the first metric of a run find these values one after the other, those of the baselines too; any other is 0. */
export const finding = (values: ReadonlyArray<number>) => {
  const left = [...values]
  return Effect.updateService(Evaluations, (all) =>
    all.map((one) => ({
      ...one,
      evaluate: ({ subject }: { readonly subject: string }) =>
        Effect.sync(() =>
          one.metrics.map((metric, i) => measured(metric, subject, i === 0 ? left.shift()! : 0))
        )
    }))
  )
}
