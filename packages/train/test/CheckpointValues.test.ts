import { assert, describe, it } from "@effect/vitest"
import { decode, encode, type HostTensor } from "@moco/core/Safetensors"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { load, newestGood } from "@moco/train/Checkpoint/load"
import { encodeManifest, sign } from "@moco/train/Checkpoint/manifest"
import * as Store from "@moco/train/Checkpoint/store"
import { pretrain } from "@moco/train/Pretrain"
import { type CapturedState, RunState } from "@moco/train/RunState"
import { sampleManifest } from "@moco/train/testing"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, FileSystem } from "effect"
import { inTemporary, runOf, settings } from "./checkpointedRun.ts"

const checkpoint = (step: number) => ({
  manifest: sampleManifest(validConfig, step),
  parts: { "a.safetensors": Uint8Array.of(1, 2, step) }
})

/** Writes other values into a checkpoint's manifest, with the hash that is right for them. */
const withValues = Effect.fnUntraced(function* (
  folder: string,
  section: "progress" | "root",
  values: Readonly<Record<string, unknown>>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const file = `${folder}/manifest.jsonl`
  const [json] = (yield* fileSystem.readFileString(file)).split("\n")
  const manifest = JSON.parse(json!)
  Object.assign(section === "root" ? manifest : manifest[section], values)
  yield* fileSystem.writeFileString(file, sign(JSON.stringify(manifest)))
})

const part = { name: "a.safetensors", bytes: 3, sha256: "0".repeat(64) }
const accuracy = (value: unknown) => [{ ...measured(knnAccuracy(20), trainedEncoder, 0), value }]
const best = { evaluation: "knn", metric: "kNN accuracy (k = 20)", value: 0.5 }

const wrong: ReadonlyArray<
  readonly ["progress" | "root", Readonly<Record<string, unknown>>, ReadonlyArray<string>]
> = [
  ["progress", { rateFactor: -1 }, ['["rateFactor"]', "got -1"]],
  ["progress", { rateFactor: 0 }, ['["rateFactor"]', "got 0"]],
  ["progress", { rateFactor: 2 }, ['["rateFactor"]', "got 2"]],
  ["progress", { rateFactor: null }, ['["rateFactor"]']],
  ["progress", { evaluatedAt: { knn: 8 } }, ["evaluatedAt.knn (8) is behind step (7)"]],
  ["progress", { best: { ...best, step: 9 } }, ["best.step (9) is behind step (7)"]],
  ["progress", { best: { ...best, step: 3, value: "high" } }, ['["best"]["value"]', '"high"']],
  ["progress", { measurements: accuracy(-0.1) }, ['["measurements"]', "value (-0.1) is no fraction"]],
  ["progress", { measurements: accuracy("high") }, ['["measurements"]', '"high"']],
  ["progress", { rollbacks: 1e9 }, ['["rollbacks"]', "1000000000"]],
  ["progress", { rollbacks: 1.5 }, ['["rollbacks"]', "1.5"]],
  ["progress", { trainingSeconds: -1 }, ['["trainingSeconds"]', "-1"]],
  ["progress", { evaluationSeconds: 1e300 }, ['["evaluationSeconds"]', "1e+300"]],
  ["progress", { logPosition: -5 }, ['["logPosition"]', "-5"]],
  ["progress", { step: 1e15 }, ['["step"]', "1000000000000000"]],
  ["root", { parts: [part, part] }, ['["parts"]', "twice"]],
  ["root", { parts: [{ ...part, bytes: -1 }] }, ['["bytes"]', "-1"]],
  ["root", { parts: [{ ...part, sha256: "no hash" }] }, ['["sha256"]', "no hash"]],
  ["root", { counters: { pointer: "one" } }, ['["counters"]["pointer"]', '"one"']]
]

describe("a checkpoint with the right hashes and wrong values", () => {
  for (const [section, values, words] of wrong) {
    it.effect(`is damaged where ${JSON.stringify(values)} stands in it, and an older one is used`, () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          yield* Store.save(root, checkpoint(5))
          const { folder } = yield* Store.save(root, checkpoint(7))
          yield* withValues(folder, section, values)
          const error = yield* Effect.flip(load(folder))
          assert.strictEqual(error._tag, "CheckpointCorrupt")
          for (const word of [`${folder}/manifest.jsonl`, ...words]) assert.include(error.message, word)
          const found = yield* newestGood(root, () => Effect.void)
          assert.strictEqual(found?.manifest.progress.step, 5)
        })
      )
    )
  }

  it("is never written by the program itself", () => {
    const manifest = sampleManifest(validConfig, 5)
    const progress = { ...manifest.progress, rateFactor: -1 }
    assert.throws(() => encodeManifest({ ...manifest, progress, parts: [] }), /rateFactor/)
  })

  it.effect("is refused where it has taken more steps than the run has", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const { progress } = sampleManifest(validConfig, 25)
        const error = yield* Effect.flip(pretrain({ ...settings, from: progress }))
        assert.strictEqual(error._tag, "SnapshotMismatch")
        assert.include(error.message, "its progress.step is 25, and the run has 24 steps")
      }).pipe(Effect.provide(runOf(root, {})), Effect.orDie)
    )
  )
})

type Tensors = Readonly<Record<string, HostTensor>>

/** The captured state with another content of a part. */
const withTensors = Effect.fnUntraced(function* (
  state: CapturedState,
  name: string,
  change: (tensors: Tensors) => Tensors
) {
  const { tensors } = yield* decode(state.parts[name]!)
  return { ...state, parts: { ...state.parts, [name]: encode(change(tensors)) } }
})

const ofName = (tensors: Tensors, name: string) => tensors[name] as HostTensor & { readonly dtype: "F32" }

const doubled = (tensors: Tensors, name: string): Tensors => {
  const tensor = ofName(tensors, name)
  return { ...tensors, [name]: { ...tensor, data: tensor.data.map((value) => 2 * value) } }
}

const asIntegers = (tensors: Tensors, name: string): Tensors => {
  const { data, shape } = ofName(tensors, name)
  return { ...tensors, [name]: { dtype: "I32", shape, data: Int32Array.from(data) } }
}

const below = (tensors: Tensors, name: string): Tensors => {
  const tensor = ofName(tensors, name)
  return { ...tensors, [name]: { ...tensor, data: tensor.data.map(() => -0.5) } }
}

const query = "query.safetensors"
const dictionary = "dictionary.safetensors"

const strange: ReadonlyArray<readonly [string, string, (tensors: Tensors) => Tensors, string]> = [
  [
    "a parameter of whole numbers",
    query,
    (tensors) => asIntegers(tensors, "query.parameters.fc.weight"),
    "query.parameters.fc.weight is of type int32 and should be float32"
  ],
  [
    "a tensor of bytes",
    query,
    (tensors) => ({ ...tensors, extra: { dtype: "U8", shape: [1], data: Uint8Array.of(1) } }),
    "extra in query.safetensors is of type U8"
  ],
  [
    "a moment of whole numbers",
    "optimizer.safetensors",
    (tensors) => asIntegers(tensors, "fc.bias"),
    "fc.bias is of type int32 and should be float32"
  ],
  [
    "a running variance below 0",
    query,
    (tensors) => below(tensors, "query.statistics.bn1.running_var"),
    "query.statistics.bn1.running_var holds -0.5, and a variance is never below 0"
  ],
  [
    "the key encoder's running variance below 0",
    dictionary,
    (tensors) => below(tensors, "key.statistics.bn1.running_var"),
    "key.statistics.bn1.running_var holds -0.5"
  ],
  [
    "keys that are no unit vectors",
    dictionary,
    (tensors) => doubled(tensors, "queue"),
    "row 0 of queue has the length 2 and should have 1"
  ]
]

const counters: ReadonlyArray<readonly [Readonly<Record<string, number>>, ReadonlyArray<string>]> = [
  [{ pointer: -5, filled: 20 }, ["pointer is -5 and should be a whole number from 0 to 19"]],
  [{ pointer: 1e9, filled: 20 }, ["pointer is 1000000000 and should be"]],
  [{ pointer: 1.5, filled: 20 }, ["pointer is 1.5 and should be"]],
  [{ pointer: 0, filled: 1e12 }, ["filled is 1000000000000 and should be a whole number from 0 to 20"]],
  [{ pointer: 3, filled: 5 }, ["pointer is 3, and filled is 5"]],
  [{ pointer: 0 }, ["filled is missing"]],
  [{ pointer: 0, filled: 20, more: 1 }, ["more has no place"]]
]

describe("a captured state with wrong values", () => {
  const refused = (
    change: (state: CapturedState) => Effect.Effect<CapturedState, unknown>,
    words: ReadonlyArray<string>
  ) =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const { capture, restore } = yield* RunState
        const error = yield* Effect.flip(restore(yield* change(yield* capture)))
        assert.strictEqual((error as { readonly _tag: string })._tag, "SnapshotMismatch")
        for (const word of words) assert.include(String((error as Error).message), word)
      }).pipe(Effect.provide(runOf(root, {})), Effect.orDie)
    )

  for (const [title, name, change, words] of strange) {
    it.effect(`is refused for ${title}`, () => refused((state) => withTensors(state, name, change), [words]))
  }

  for (const [values, words] of counters) {
    it.effect(`is refused for the counters ${JSON.stringify(values)}`, () =>
      refused((state) => Effect.succeed({ ...state, counters: values }), words)
    )
  }

  it.effect("is refused where a part is missing, or is one too many", () =>
    Effect.andThen(
      refused(
        ({ parts: { [query]: _, ...parts }, counters }) => Effect.succeed({ parts, counters }),
        ["the part query.safetensors is missing"]
      ),
      refused(
        ({ parts, counters }) =>
          Effect.succeed({ parts: { ...parts, "b.safetensors": parts[query]! }, counters }),
        ["the part b.safetensors has no place"]
      )
    )
  )
})
