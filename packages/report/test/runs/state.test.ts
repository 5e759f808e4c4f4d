import { assert, describe, it } from "@effect/vitest"
import { type Facts, type RunState, stateOf } from "@moco/report/runs/state"
import type { RunRecord } from "@moco/train/RunLog"
import { sampleManifest } from "@moco/train/testing"
import { config, finished, linesOf, step } from "./folders.ts"

const recordOf = (text: string): RunRecord => JSON.parse(text)
const lastStep = recordOf(linesOf([step(9)])) as RunRecord & { readonly event: "step" }
const ended = (outcome: "completed" | "interrupted", at = 10) =>
  recordOf(linesOf([finished(outcome, at)])) as Exclude<RunRecord, { readonly event: "step" }>

const stepped: Facts = {
  holder: undefined,
  damage: [],
  log: { events: [], lastStep },
  newest: undefined,
  failedStep: undefined,
  hasEncoder: true,
  failure: undefined
}
const diverged = recordOf(
  linesOf([{ event: "diverged", step: 10, epoch: 0, reason: "the loss is NaN\n  lower the rate" }])
) as Exclude<RunRecord, { readonly event: "step" }>
const completed = { events: [ended("completed")], lastStep }
const failure = { reason: "no memory", isFinal: false }

describe("the state of a run", () => {
  const cases: ReadonlyArray<readonly [string, Partial<Facts>, RunState, string | null]> = [
    ["whose log tells its end and whose encoder is there", { log: completed }, "finished", null],
    ["whose encoder is not there", { log: completed, hasEncoder: false }, "interrupted", "exported when"],
    ["that was stopped", { log: { events: [ended("interrupted")], lastStep } }, "interrupted", null],
    ["whose log tells no end", {}, "interrupted", "tells no end"],
    [
      "in which a process works, however it looks",
      { holder: "process 7", damage: ["x"] },
      "running",
      "process 7"
    ],
    [
      "of which a file is damaged, though it has ended",
      { log: completed, damage: ["worst", "x"] },
      "damaged",
      "worst"
    ],
    [
      "whose log tells that it diverged",
      { log: { events: [diverged], lastStep } },
      "diverged",
      "the loss is NaN"
    ],
    ["whose newest state failed", { failedStep: 10 }, "diverged", "step 10"],
    ["that went on behind a state that failed", { failedStep: 9 }, "interrupted", "tells no end"],
    ["whose study says that it failed", { failure }, "failed", "no memory"],
    [
      "whose study says that it failed for good",
      { failure: { ...failure, isFinal: true } },
      "diverged",
      "no memory"
    ],
    ["that has ended after its study said that it failed", { log: completed, failure }, "finished", null],
    ["that has taken no step", { log: { events: [], lastStep: undefined } }, "empty", "no step"],
    ["that has no log", { log: undefined }, "empty", "no step"],
    [
      "whose log was lost, and that has a checkpoint",
      { log: undefined, newest: sampleManifest(config(), 10) },
      "interrupted",
      "tells no end"
    ]
  ]
  for (const [title, facts, state, reason] of cases) {
    it(`${title} is ${state}`, () => {
      const found = stateOf({ ...stepped, ...facts })
      assert.strictEqual(found.state, state)
      if (reason === null) assert.isNull(found.reason)
      else assert.include(found.reason, reason)
    })
  }
})
