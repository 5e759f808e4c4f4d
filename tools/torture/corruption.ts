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
  const { between, five, nine } = yield* contents
  const root = freshFolder()
  const { folder } = yield* Store.save(root, five(5))
  const others = [(yield* Store.save(root, nine(9))).folder]
  for (const [step, content] of between) others.push((yield* Store.save(root, content(step))).folder)
  const damages = yield* damageOf(folder, others, randomOf(seed, 3), numRandom)
  const problems = [...damages.problems]
  yield* report(`corruption: ${numRandom} flips and all else, ${problems.length} problems`)
  const whole = [folder, ...others]
  let falseAlarms = 0
  for (let n = 0; n < numRandom; n++) {
    if ((yield* Effect.result(load(whole[n % whole.length]!)))._tag === "Failure") falseAlarms++
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

/** A real checkpoint's content after five steps, after nine and after some others, under any step's name. */
const contents = Effect.gen(function* () {
  const steps = [3, 4, 6, 7, 8]
  const { end, seen } = yield* train(0, 9, undefined, new Set([5, ...steps])).pipe(
    Effect.provide(tinyTrainer("queue"))
  )
  const at =
    ({ counters, parts }: typeof end): ContentAt =>
    (step) => ({ manifest: { ...sampleManifest(tinyConfig("queue"), step), counters }, parts })
  const between = steps.map((step) => [step, at(seen.get(step)!)] as const)
  return { five: at(seen.get(5)!), nine: at(end), between }
})
