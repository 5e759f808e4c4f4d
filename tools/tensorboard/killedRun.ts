import { join } from "node:path"
import { readLines } from "@moco/train/jsonLines"
import { Effect } from "effect"
import { runArgs, start } from "../torture/programs.ts"
import { TensorBoardDiffers } from "./TensorBoardDiffers.ts"

const stepsPerEpoch = 40

/** Steps after which the run is killed: its newest checkpoint is that of the first epoch, with its evaluation, by then. */
const killAfter = stepsPerEpoch + 15

/** Trains a tiny run of two epochs into `folder` that is killed in its second, and goes on from the end of the first. */
export const killedRun = Effect.fn("killedRun")(function* (folder: string) {
  const args = [...runArgs("queue", { epochs: 2, evaluateEvery: 1 }), "--checkpoint-every=1epoch"]
  const first = yield* Effect.acquireRelease(
    Effect.sync(() => start([...args, `--out=${folder}`])),
    ({ child }) => Effect.sync(() => void child.kill("SIGKILL"))
  )
  const numTaken = Effect.map(
    Effect.orElseSucceed(readLines(join(folder, "metrics.jsonl")), (): ReadonlyArray<string> => []),
    (lines) => lines.filter((line) => line.includes(`"event":"step"`)).length
  )
  while ((yield* numTaken) < killAfter && first.child.exitCode === null) yield* Effect.sleep("20 millis")
  first.child.kill("SIGKILL")
  const { signal, stderr } = yield* Effect.promise(() => first.ended)
  if (signal !== "SIGKILL") {
    return yield* new TensorBoardDiffers({
      problem: `the run was not killed: ${stderr}`,
      hint: "try it again"
    })
  }
  const second = yield* Effect.promise(() => start(["train", `--resume=${folder}`]).ended)
  if (second.code === 0) return
  return yield* new TensorBoardDiffers({
    problem: `the run does not go on: ${second.stderr}`,
    hint: "see packages/cli/test/resume.test.ts"
  })
}, Effect.scoped)
