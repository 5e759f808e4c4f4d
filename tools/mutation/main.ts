import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { replace } from "@moco/native/PlainFile"
import { Console, Effect } from "effect"
import { runTool } from "../runTool.ts"
import { copyOf } from "./Copy.ts"
import { type Mutation, mutate, type Outcome } from "./Mutation.ts"
import { mutations } from "./mutations.ts"
import { report } from "./report.ts"
import { runTests } from "./tests.ts"

/**
 * Changes the program in one place at a time, and asks whether a test notices: who reads a green run wants to know.
 *
 *     npx nx run tools:mutation [--only=queue,ema] [--out=results/mutations.md]
 */
const root = join(import.meta.dirname, "..", "..")

const { values } = parseArgs({ options: { only: { type: "string" }, out: { type: "string" } } })

const tried = Effect.fnUntraced(function* (copy: string, mutation: Mutation) {
  const file = join(copy, mutation.file)
  const source = readFileSync(file, "utf8")
  writeFileSync(file, mutate(source, mutation))
  const { failed, numPassed } = yield* Effect.ensuring(
    runTests(copy, mutation.tests),
    Effect.sync(() => writeFileSync(file, source))
  )
  const status = failed.length > 0 ? "killed" : numPassed > 0 ? "survived" : "broken"
  const outcome: Outcome = { mutation, status, by: failed[0] ?? "" }
  yield* Console.log(`${status.padEnd(8)} ${mutation.name}: ${outcome.by || mutation.fear}`)
  return outcome
})

/** Tests that fail without a mutation would kill every one of them. */
const checkTests = Effect.fnUntraced(function* (copy: string, tests: string) {
  const { failed, numPassed } = yield* runTests(copy, tests)
  const isGreen = failed.length === 0 && numPassed > 0
  if (isGreen) return true
  yield* Console.error(`error: ${tests} is not green as it is: ${failed[0] ?? "no test ran"}`)
  return false
})

const main = Effect.gen(function* () {
  const words = values.only?.split(",")
  const chosen = mutations.filter(({ name }) => words?.some((word) => name.includes(word)) ?? true)
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim()
  const command = `npx nx run tools:mutation${values.only === undefined ? "" : ` --only=${values.only}`}`
  const copy = yield* copyOf(root)
  const areGreen = new Map<string, boolean>()
  const outcomes: Array<Outcome> = []
  for (const mutation of chosen) {
    const { tests } = mutation
    const isGreen = areGreen.get(tests) ?? (yield* checkTests(copy, tests))
    areGreen.set(tests, isGreen)
    outcomes.push(isGreen ? yield* tried(copy, mutation) : { mutation, status: "broken", by: "" })
    // After each, so that what is known is there when the rest is stopped.
    if (values.out !== undefined)
      replace(resolve(root, values.out), report(outcomes, { commit, command, total: chosen.length }))
  }
  const numKilled = outcomes.filter(({ status }) => status === "killed").length
  yield* Console.log(`${numKilled} of ${outcomes.length} killed`)
  if (numKilled < outcomes.length || outcomes.length === 0) process.exitCode = 1
})

runTool(main)
