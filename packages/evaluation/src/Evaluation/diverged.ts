import { StageInvalid } from "@moco/core/Stage"
import type { TensorError } from "@moco/core/Tensor"
import { LabelledDiverged } from "../labelled/training.ts"
import { ProbeDiverged } from "../linear/sgdProbe.ts"

/**
 * Where what an evaluation trains has grown beyond all numbers: it is its settings that are wrong, and a run that goes on
 * with others can be evaluated.
 */
export const divergedIn = (name: string, { cause }: TensorError): StageInvalid | undefined => {
  if (cause instanceof LabelledDiverged) {
    const { learningRate, loss } = cause
    return new StageInvalid({
      ...{
        stage: `Evaluation ${name}`,
        field: `evaluations.${name}.learningRate`,
        value: String(learningRate)
      },
      problem: `makes the loss ${loss}`,
      hint: "give it a smaller one, such as 0.01; a run goes on with it: --resume=RUN --set"
    })
  }
  if (!(cause instanceof ProbeDiverged)) return undefined
  return new StageInvalid({
    ...{
      stage: `Evaluation ${name}`,
      field: `evaluations.${name}.learningRate`,
      value: String(cause.learningRate)
    },
    problem: `makes the probe's weights infinite in epoch ${cause.epoch + 1}, on these features`,
    hint: "give it a smaller one, or let fit be lbfgs, which standardises features; a run goes on with it: --resume=RUN --set"
  })
}
