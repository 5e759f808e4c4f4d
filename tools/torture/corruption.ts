import * as NodeServices from "@effect/platform-node/NodeServices"
import { load } from "@moco/train/Checkpoint/load"
import * as Store from "@moco/train/Checkpoint/store"
import { sampleManifest } from "@moco/train/testing"
import { Effect } from "effect"
import { damageOf } from "./damage.ts"
import { freshFolder, removeRun } from "./programs.ts"
import { randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"
import { type ContentAt, caseNames, faultsOfASave } from "./saveFaults.ts"
import { tinyConfig, tinyTrainer, train } from "./tinyTrainer.ts"

/**
 * Damage of every kind to a real checkpoint is noticed and the damaged file named, whole checkpoints are never taken
 * for damaged, and a save on a full disk leaves a whole one and says what it could not do.
 */
export const corruption = Effect.fn("torture.corruption")(function* ({ report, seed, short }: Effort) {
  const numRandom = short ? 20 : 1000
  const [five, nine] = yield* contents
  const root = freshFolder()
  const [folder, other] = [yield* Store.save(root, five(5)), yield* Store.save(root, nine(9))]
  const damages = yield* damageOf(folder, other, randomOf(seed, 3), numRandom)
  const problems = [...damages.problems]
  yield* report(`corruption: ${numRandom} flips and all else, ${problems.length} problems`)
  let falseAlarms = 0
  for (let n = 0; n < numRandom; n++) {
    if ((yield* Effect.result(load(n % 2 === 0 ? folder : other)))._tag === "Failure") falseAlarms++
  }
  const points: Record<string, number> = {}
  const left = { leftOld: 0, leftNew: 0 }
  for (const name of caseNames) {
    const found = yield* faultsOfASave(name, root, five, nine)
    points[`${name}FaultPoints`] = found.points
    left.leftOld += found.leftOld
    left.leftNew += found.leftNew
    problems.push(...found.problems)
    yield* report(`corruption: ${name}, a full disk at ${found.points} points, ${problems.length} problems`)
  }
  removeRun(root)
  const verdict: Verdict = {
    ok: problems.length === 0 && falseAlarms === 0,
    counts: {
      ...damages.counts,
      goodLoads: numRandom,
      falseAlarms,
      ...points,
      ...left,
      problems: problems.slice(0, 10)
    }
  }
  return verdict
}, Effect.provide(NodeServices.layer))

/** A real checkpoint's content after five steps and after nine, under any step's name. */
const contents = Effect.gen(function* () {
  const { end, seen } = yield* train(0, 9, undefined, new Set([5])).pipe(Effect.provide(tinyTrainer("queue")))
  const at =
    ({ counters, parts }: typeof end): ContentAt =>
    (step) => ({ manifest: { ...sampleManifest(tinyConfig("queue"), step), counters }, parts })
  return [at(seen.get(5)!), at(end)] as const
})
