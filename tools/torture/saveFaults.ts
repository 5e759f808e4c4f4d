import { join } from "node:path"
import { load } from "@moco/train/Checkpoint/load"
import * as Store from "@moco/train/Checkpoint/store"
import { type Faults, faulty } from "@moco/train/testing"
import { Effect, FileSystem } from "effect"

/** Gives a checkpoint of any step: content is what differs. */
export type ContentAt = (step: number) => Store.UnsignedCheckpoint

/** What was found after a full disk at every call of a save. */
export interface Found {
  points: number
  leftOld: number
  leftNew: number
  readonly problems: Array<string>
}

/** Steps that are there before, the step that is saved, and how many are kept then, as Checkpoints does it. */
const cases = {
  newStep: { before: [1], step: 2 },
  replacement: { before: [1], step: 1 },
  pruning: { before: [1, 2], step: 3, keep: 2 }
} as const
export type Case = keyof typeof cases
export const caseNames = Object.keys(cases) as ReadonlyArray<Case>

/**
 * A full disk at every call of a save in turn, for that call alone and for good: what is saved later, or what was there
 * before, is whole, and a save that fails says so.
 */
export const faultsOfASave = Effect.fnUntraced(function* (
  name: Case,
  root: string,
  before: ContentAt,
  next: ContentAt
) {
  const found: Found = { points: 0, leftOld: 0, leftNew: 0, problems: [] }
  for (const isLasting of [false, true]) {
    for (let failAt = 0; ; failAt++) {
      const folder = join(root, `${name}-${failAt}-${isLasting}`)
      for (const step of cases[name].before) yield* Store.save(folder, before(step))
      const faults: Faults = { numCalls: 0, failAt, isLasting }
      const told = yield* saveWith(faults, name, folder, next)
      if (faults.numCalls <= failAt) break
      found.points++
      const left = yield* whatIsLeft(folder, name, next)
      if (left.problem === undefined) found[left.isNew ? "leftNew" : "leftOld"]++
      const problem = left.problem ?? problemOf(told, left.isNew)
      if (problem !== undefined)
        found.problems.push(`${name}, call ${failAt}, lasting ${isLasting}: ${problem}`)
    }
  }
  return found
})

/** Saves, and removes old checkpoints where the case does; gives the tag of what went wrong. */
const saveWith = Effect.fnUntraced(function* (faults: Faults, name: Case, folder: string, next: ContentAt) {
  const real = yield* FileSystem.FileSystem
  const { step, ...rest } = cases[name]
  const prune = "keep" in rest ? Store.prune(folder, rest.keep, undefined) : Effect.void
  const result = yield* Effect.result(
    Effect.andThen(Store.save(folder, next(step)), prune).pipe(
      Effect.provideService(FileSystem.FileSystem, faulty(real, faults))
    )
  )
  return result._tag === "Failure" ? result.failure._tag : undefined
})

/** What a process finds that starts then: every checkpoint must be whole, and nothing else be there. */
const whatIsLeft = Effect.fnUntraced(function* (folder: string, name: Case, next: ContentAt) {
  const fileSystem = yield* FileSystem.FileSystem
  yield* Store.recover(folder)
  const [newest, ...older] = yield* Store.steps(folder)
  if (newest === undefined) return { isNew: false, problem: "no checkpoint is left" }
  const names = yield* fileSystem.readDirectory(folder)
  const { step } = cases[name]
  const result = yield* Effect.result(
    Effect.forEach([newest, ...older], (step) => load(join(folder, Store.folderName(step))))
  )
  if (result._tag === "Failure") return { isNew: false, problem: result.failure.message }
  const isNew = sameParts(result.success[0]!.parts, next(step).parts)
  if (names.length > older.length + 1) return { isNew, problem: `left behind: ${names}` }
  const isMistaken = name !== "replacement" && isNew !== (newest === step)
  return { isNew, problem: isMistaken ? `step ${newest} has another step's content` : undefined }
})

/** A save that ended well must have saved; one that did not must have said that it could not write. */
const problemOf = (told: string | undefined, isNew: boolean): string | undefined => {
  if (told === undefined) return isNew ? undefined : "nothing was saved, and nothing said"
  return told === "CheckpointUnwritable" ? undefined : `failed with ${told}`
}

const sameParts = (
  a: Readonly<Record<string, Uint8Array>>,
  b: Readonly<Record<string, Uint8Array>>
): boolean => Object.keys(a).every((name) => Buffer.compare(a[name]!, b[name] ?? new Uint8Array()) === 0)
