import { assert, describe, it } from "@effect/vitest"
import * as Tensor from "@moco/core/Tensor"
import { divergedIn } from "@moco/evaluation/Evaluation/diverged"
import { LabelledDiverged } from "@moco/evaluation/labelled/training"
import { ProbeDiverged } from "@moco/evaluation/linear/sgdProbe"

const failed = (cause: unknown) => new Tensor.TensorError({ operation: "evaluate", cause })

describe("an evaluation that diverges", () => {
  it("says which of its settings to change, with its value", () => {
    const tuned = divergedIn("fineTune", failed(new LabelledDiverged({ loss: "NaN", learningRate: 1000 })))
    assert.deepInclude(tuned, { field: "evaluations.fineTune.learningRate", value: "1000" })
    assert.include(tuned!.message, "makes the loss NaN")
    const probe = divergedIn("linear", failed(new ProbeDiverged({ epoch: 3, learningRate: 30 })))
    assert.deepInclude(probe, { field: "evaluations.linear.learningRate", value: "30" })
    assert.include(probe!.message, "makes the probe's weights infinite in epoch 4")
  })

  it("is nothing else that a tensor operation fails with", () => {
    assert.isUndefined(divergedIn("knn", failed(new RangeError("no memory left"))))
  })
})
