import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Store from "@moco/train/Checkpoint/store"
import { type Faults, faulty } from "@moco/train/testing"
import { Effect, FileSystem } from "effect"
import { freshFolder, removeRun } from "./programs.ts"
import { between, randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"
import { tinyConfig, tinyTrainer, train } from "./tinyTrainer.ts"

/** Damage of every kind to a real checkpoint is noticed, and whole checkpoints are never taken for damaged. */
export const corruption = Effect.fn("torture.corruption")(function* ({ report, seed, short }: Effort) {
  const scale = short ? 50 : 1
  const [numFlips, numCuts, numSwaps, numGood] = [1000 / scale, 1000 / scale, 100 / scale, 1000 / scale]
  const random = randomOf(seed, 3)
  const root = freshFolder()
  const [folder, other] = [yield* save(root, 5), yield* save(root, 9)]
  const files = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(join(folder, name)) }))
  const isNoticed = Effect.map(Effect.result(Store.load(folder)), ({ _tag }) => _tag === "Failure")
  let unnoticed = 0
  /** Damages a file, asks, and puts it back. */
  const withDamage = Effect.fnUntraced(function* (name: string, bytes: Uint8Array, damaged: Uint8Array) {
    writeFileSync(join(folder, name), damaged)
    if (!(yield* isNoticed)) unnoticed++
    writeFileSync(join(folder, name), bytes)
  })
  for (let n = 0; n < numFlips; n++) {
    const { bytes, name } = files[random.below(files.length)]!
    const damaged = Uint8Array.from(bytes)
    damaged[random.below(bytes.length)]! ^= 1 << random.below(8)
    yield* withDamage(name, bytes, damaged)
  }
  yield* report(`corruption: ${numFlips} flips, ${unnoticed} unnoticed`)
  for (let n = 0; n < numCuts; n++) {
    const { bytes, name } = files[random.below(files.length)]!
    yield* withDamage(name, bytes, bytes.subarray(0, between(random, 0, bytes.length - 1)))
  }
  for (let n = 0; n < numSwaps; n++) {
    const { bytes, name } = files[random.below(files.length)]!
    // A part of another checkpoint, whole in itself: of the same name, or of the next.
    const donor =
      n % 2 === 0 ? name : files[(files.findIndex((file) => file.name === name) + 1) % files.length]!.name
    const foreign = readFileSync(join(n % 2 === 0 ? other : folder, donor))
    // The other checkpoint's manifest is whole, and says so of parts that are not there.
    yield* withDamage(name, bytes, foreign)
  }
  let falseAlarms = 0
  for (let n = 0; n < numGood; n++) if (yield* isNoticed) falseAlarms++
  const faults = yield* faultsOfASave(root)
  removeRun(root)
  const verdict: Verdict = {
    ok: unnoticed === 0 && falseAlarms === 0 && faults.neither === 0,
    counts: {
      flips: numFlips,
      truncations: numCuts,
      swaps: numSwaps,
      unnoticed,
      goodLoads: numGood,
      falseAlarms,
      faultPoints: faults.points,
      leftOld: faults.old,
      leftNew: faults.new,
      leftNeither: faults.neither
    }
  }
  return verdict
}, Effect.provide(NodeServices.layer))

/** A full disk at every call of a save in turn: the old checkpoint is there after it, or the new one. */
const faultsOfASave = Effect.fnUntraced(function* (root: string) {
  const real = yield* FileSystem.FileSystem
  const found = { points: 0, old: 0, new: 0, neither: 0 }
  const content = yield* contentAt(5)
  for (let failAt = 0; ; failAt++) {
    const folder = join(root, `fault-${failAt}`)
    yield* Store.save(folder, content(1))
    const faults: Faults = { numCalls: 0, failAt }
    yield* Effect.exit(
      Store.save(folder, content(2)).pipe(Effect.provideService(FileSystem.FileSystem, faulty(real, faults)))
    )
    if (faults.numCalls <= failAt) return found
    found.points++
    const [newest] = yield* Store.steps(folder)
    const loaded =
      newest === undefined
        ? undefined
        : yield* Effect.result(Store.load(join(folder, Store.folderName(newest))))
    if (loaded?._tag !== "Success") found.neither++
    else if (newest === 1) found.old++
    else found.new++
  }
})

/** A real checkpoint's content after so many steps, under any step's name. */
const contentAt = Effect.fnUntraced(function* (numSteps: number) {
  const { end } = yield* train(0, numSteps, undefined).pipe(Effect.provide(tinyTrainer("queue")))
  return (step: number) => ({
    manifest: {
      format: 1 as const,
      savedAt: "2026-01-01T00:00:00.000Z",
      config: tinyConfig("queue"),
      fingerprint: {
        backend: "tensorflow",
        version: "2.21.0",
        device: "cpu",
        threads: 2,
        oneDnn: "",
        cpuFeatures: [],
        node: process.version
      },
      progress: {
        step,
        trainingSeconds: 1,
        evaluationSeconds: 1,
        logPosition: 0,
        evaluations: {},
        evaluatedAt: 0,
        rateFactor: 1
      },
      counters: end.counters
    },
    parts: end.parts
  })
})

const save = Effect.fnUntraced(function* (root: string, numSteps: number) {
  return yield* Store.save(root, (yield* contentAt(numSteps))(numSteps))
})
