import { assert, describe, it } from "@effect/vitest"
import { check, threadsIn } from "@moco/core/EnvironmentInvalid"
import { Effect } from "effect"

const taken: ReadonlyArray<readonly [string, string]> = [
  ["TF_NUM_INTRAOP_THREADS", "1"],
  ["TF_NUM_INTRAOP_THREADS", "64"],
  ["TF_NUM_INTRAOP_THREADS", ""],
  ["TF_NUM_INTEROP_THREADS", "2"],
  ["TF_ENABLE_ONEDNN_OPTS", "0"],
  ["TF_ENABLE_ONEDNN_OPTS", "true"],
  ["MOCO_NATIVE_OPS", "0"],
  ["OMP_NUM_THREADS", "as many as you like: nobody reads it"]
]

const refused: ReadonlyArray<readonly [string, string]> = [
  ...[
    "abc",
    "2.5",
    "-1",
    "0",
    "1e3",
    "0x2",
    " 2",
    "2 threads",
    "NaN",
    "Infinity",
    "99999999999",
    "\u0662"
  ].flatMap((value) => [
    ["TF_NUM_INTRAOP_THREADS", value] as const,
    ["TF_NUM_INTEROP_THREADS", value] as const
  ]),
  ["TF_ENABLE_ONEDNN_OPTS", "yes"],
  ["MOCO_NATIVE_OPS", "false"]
]

describe("The environment", () => {
  for (const [name, value] of taken) {
    it.effect(`may have ${name}=${JSON.stringify(value)}`, () =>
      Effect.gen(function* () {
        const { _tag } = yield* Effect.exit(check({ [name]: value }))
        assert.strictEqual(_tag, "Success")
      })
    )
  }

  for (const [name, value] of refused) {
    it.effect(`may not have ${name}=${JSON.stringify(value)}`, () =>
      Effect.gen(function* () {
        const { message } = yield* Effect.flip(check({ [name]: value }))
        assert.include(message, `${name}=${JSON.stringify(value)} is n`)
        assert.include(message, "unset it")
      })
    )
  }

  it("decides the number of threads before the config, and an empty variable decides nothing", () => {
    assert.strictEqual(threadsIn({ TF_NUM_INTRAOP_THREADS: "3" }, 2), 3)
    assert.strictEqual(threadsIn({ TF_NUM_INTRAOP_THREADS: "" }, 2), 2)
    assert.strictEqual(threadsIn({}, 2), 2)
  })
})
