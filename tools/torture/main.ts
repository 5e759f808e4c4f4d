import { parseArgs } from "node:util"
import type * as NodeServices from "@effect/platform-node/NodeServices"
import { replace } from "@moco/native/PlainFile"
import { Console, Effect } from "effect"
import { runTool } from "../runTool.ts"
import { corruption } from "./corruption.ts"
import { fuzz } from "./fuzz.ts"
import { kills } from "./kills.ts"
import { leaks } from "./leaks.ts"
import { commitOf, inFile, none, type Origin } from "./Progress.ts"
import { points } from "./points.ts"
import type { Effort, Verdict } from "./Section.ts"
import { saving } from "./saving.ts"
import { signals } from "./signals.ts"

/**
 * The long proofs that nothing is lost, against the real program.
 *
 *     npx nx run tools:torture [--short] [--only=kills,signals] [--seed=1] [--out=results/torture.json]
 *     npx nx run tools:torture --only=fuzz --parsers=tar,npy --inputs=100000
 *
 * With --out it can be stopped at any time: the same command goes on with what is left.
 */

const proofs: Readonly<
  Record<string, (effort: Effort) => Effect.Effect<Verdict, unknown, NodeServices.NodeServices>>
> = {
  corruption,
  saving,
  signals,
  points,
  fuzz,
  kills,
  leaks
}

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(proofs).join(",") },
    seed: { type: "string", default: "1" },
    out: { type: "string" },
    inputs: { type: "string" },
    parsers: { type: "string" }
  }
})

const main = Effect.gen(function* () {
  const { out } = values
  const origin: Origin = {
    commit: commitOf(import.meta.dirname),
    seed: Number(values.seed),
    short: values.short
  }
  const names = values.only.split(",")
  const unknown = names.find((name) => proofs[name] === undefined)
  if (unknown !== undefined) {
    return yield* refused(`--only=${unknown} is no proof; proofs: ${Object.keys(proofs).join(", ")}`)
  }
  const progress = out === undefined ? none : inFile(`${out}.progress.jsonl`, origin)
  if (typeof progress === "string") return yield* refused(progress)
  const effort: Effort = {
    ...origin,
    inputs: values.inputs === undefined ? undefined : Number(values.inputs),
    only: values.parsers?.split(","),
    report: (line) => Console.log(line),
    once: progress.once
  }
  const results: Record<string, Verdict> = {}
  for (const name of names) results[name] = yield* effort.once(name, proofs[name]!(effort))
  const ok = Object.values(results).every((result) => result.ok)
  const line = JSON.stringify({ ok, ...origin, ...results })
  if (out !== undefined) yield* Effect.sync(() => replace(out, `${line}\n`))
  yield* progress.forget
  yield* Console.log(line)
  if (!ok) process.exitCode = 1
})

const refused = (problem: string) =>
  Effect.andThen(
    Console.error(`error: ${problem}`),
    Effect.sync(() => {
      process.exitCode = 2
    })
  )

runTool(main)
