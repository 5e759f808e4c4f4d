import * as Tensor from "@moco/core/Tensor"
import type { LabelledDataset } from "@moco/data/Dataset"
import { Effect } from "effect"
import { confusion } from "../confusion.ts"
import type { Embedding } from "../Embedding.ts"
import { exactNeighbours } from "../exactNeighbours.ts"
import { unitRows } from "../unitRows.ts"
import { voteOfNeighbours } from "../voteOfNeighbours.ts"

const maxNeighbours = 20
const temperature = 0.1

/** Which class the nearest training images name, by the class that it is: what is taken for what. */
export const confusionOf = Effect.fn("Inspection.confusion")(function* (
  { rowsOf }: Embedding,
  { test, train }: LabelledDataset
) {
  const k = Math.min(maxNeighbours, train.numImages)
  const [train_NC, test_NC] = [yield* rowsOf("train", "backbone"), yield* rowsOf("test", "backbone")]
  const bank_BC = yield* Tensor.scoped("Inspection.bank", () => unitRows(train_NC))
  const query_NC = yield* Tensor.scoped("Inspection.queries", () => unitRows(test_NC))
  const { index_NK, similarity_NK } = yield* exactNeighbours(query_NC, bank_BC, k)
  const said = yield* Tensor.run("Inspection.votes", () =>
    Int32Array.from(test.labels, (_, row) => {
      const own = [row * k, (row + 1) * k] as const
      const some = [index_NK.subarray(...own), similarity_NK.subarray(...own)] as const
      return voteOfNeighbours(...some, train.labels, temperature, train.classes.length)
    })
  )
  return {
    counts: confusion(test.labels, said, train.classes.length).map((row) => [...row]),
    protocol: `weighted kNN, k = ${k}, temperature ${temperature}, backbone`
  }
}, Effect.scoped)
