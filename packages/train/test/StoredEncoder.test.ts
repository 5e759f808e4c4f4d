import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { evaluateStored } from "@moco/train/evaluateStored"
import * as StoredEncoder from "@moco/train/StoredEncoder"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { inTemporary } from "./inTemporary.ts"
import { stages, trained } from "./storedRun.ts"

const measuredOf = (stored: StoredEncoder.StoredEncoder) =>
  Effect.map(evaluateStored(stored.config, stored.weights, { stages }), ({ measurements }) => measurements)

describe("an encoder that lies in files", () => {
  it.effect("is measured as it was in its run, to the bit, from each of its files; baselines beside it", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          const inRun = yield* trained(folder)
          const { numTensors } = tf.memory()
          for (const stored of [
            yield* StoredEncoder.ofRun(folder, "last"),
            yield* StoredEncoder.ofFile(join(folder, "checkpoints", "000000008")),
            yield* StoredEncoder.ofFile(join(folder, "checkpoints", "000000008", "query.safetensors")),
            yield* StoredEncoder.ofFile(join(folder, "encoder.safetensors"))
          ]) {
            const all = yield* measuredOf(stored)
            assert.deepStrictEqual(
              all.filter(({ subject }) => subject === trainedEncoder),
              inRun
            )
            assert.includeMembers(
              all.map(({ subject }) => subject),
              ["raw pixels", "untrained encoder"]
            )
          }
          assert.strictEqual(tf.memory().numTensors, numTensors)
        }),
      "run"
    )
  )

  it.effect("is the best state of its run where that is asked for, and says after how many steps", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          const best = yield* StoredEncoder.ofRun(folder, "best")
          const manifest = readFileSync(join(folder, "checkpoints", "000000008", "manifest.jsonl"), "utf8")
          const { step } = JSON.parse(/"best":(\{[^}]*\})/.exec(manifest)![1]!)
          assert.deepStrictEqual([best.which, best.step], ["best", step])
        }),
      "run"
    )
  )

  it.effect("tells which stages were given in code, from a checkpoint and from what was exported alone", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          assert.deepStrictEqual((yield* StoredEncoder.ofRun(folder, "last")).ownStages, ["dataset"])
          const exported = join(folder, "encoder.safetensors")
          assert.deepStrictEqual((yield* StoredEncoder.ofFile(exported)).ownStages, ["dataset"])
          rmSync(join(folder, "checkpoints"), { recursive: true })
          assert.deepStrictEqual((yield* StoredEncoder.ofRun(folder, "last")).ownStages, ["dataset"])
        }),
      "run"
    )
  )

  it.effect("is not found where there is none, and is told where it is damaged", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          const missing = yield* Effect.flip(StoredEncoder.ofRun(`${folder}-none`, "last"))
          assert.include(missing.message, "there is no such folder")
          yield* trained(folder)
          const damage = (step: string) => {
            const file = join(folder, "checkpoints", step, "query.safetensors")
            const bytes = readFileSync(file)
            bytes[bytes.length - 1]! ^= 1
            writeFileSync(file, bytes)
          }
          damage("000000008")
          const damaged = yield* Effect.flip(
            StoredEncoder.ofFile(join(folder, "checkpoints", "000000008", "query.safetensors"))
          )
          assert.strictEqual(damaged._tag, "NoCheckpointWhole")
          assert.include(damaged.message, "its hash does not fit its content")
          // An older one is whole; the damaged one stays where it is.
          const older = yield* StoredEncoder.ofRun(folder, "last")
          assert.isBelow(older.step!, 8)
          for (const step of readdirSync(join(folder, "checkpoints"))) if (step !== "000000008") damage(step)
          const all = yield* Effect.flip(StoredEncoder.ofRun(folder, "last"))
          assert.strictEqual(all._tag, "NoCheckpointWhole")
        }),
      "run"
    )
  )
})

describe("the stages of an exported encoder that were given in code", () => {
  it.effect("are none without a file that tells of them, and are not guessed where it cannot be read", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          rmSync(join(folder, "checkpoints"), { recursive: true })
          const environment = join(folder, "environment.json")
          const ownStages = () =>
            Effect.map(StoredEncoder.ofRun(folder, "last"), (stored) => stored.ownStages)
          assert.deepStrictEqual(yield* ownStages(), ["dataset"])
          for (const [text, reason] of [
            ["{", /JSON/],
            ['{"ownStages": 3}', /ownStages/],
            [" ".repeat(2 ** 18 + 1), /256 KiB/]
          ] as const) {
            writeFileSync(environment, text)
            const error = yield* Effect.flip(ownStages())
            assert.strictEqual(error._tag, "ConfigUnreadable")
            assert.include(error.message, environment)
            assert.match(error.message, reason)
            assert.include(error.message, "put a copy of it back")
          }
          rmSync(environment)
          assert.deepStrictEqual(yield* ownStages(), [])
        }),
      "run"
    )
  )
})
