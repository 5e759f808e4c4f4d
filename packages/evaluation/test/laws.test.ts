import { describe } from "@effect/vitest"
import * as Knn from "@moco/evaluation/Evaluation/Knn"
import { evaluationLaws } from "@moco/evaluation/testing"

const variants = [["Knn", Knn.layer({ everyEpochs: 1, k: [5, 1], temperature: 0.1 })]] as const

for (const [name, layer] of variants) describe(`Evaluation ${name}`, () => evaluationLaws(layer))
