import { assert, describe, it } from "@effect/vitest"
import { Collective, oneProcess } from "@moco/core/Collective"
import { collectiveLaws } from "@moco/core/testing"
import { Effect, Layer } from "effect"

collectiveLaws("one process, where nothing is provided", Layer.empty)
collectiveLaws("one process", Layer.succeed(Collective, oneProcess))

describe("One process", () => {
  it.effect("costs nothing: it gives back what it was given", () =>
    Effect.gen(function* () {
      const { allGather, allReduceMean } = yield* Collective
      const gradients = {}
      const row_ND = { dtype: "float32" } as never
      assert.strictEqual(allReduceMean(gradients), gradients)
      assert.strictEqual(allGather(row_ND), row_ND)
    })
  )
})
