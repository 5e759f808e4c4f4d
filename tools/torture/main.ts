import { mkdir, writeFile } from "node:fs/promises"
import { dirname } from "node:path"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { corruption } from "./corruption.ts"
import { fuzz } from "./fuzz.ts"
import { kills } from "./kills.ts"
import { leaks } from "./leaks.ts"
import { points } from "./points.ts"
import type { Effort, Verdict } from "./Section.ts"
import { saving } from "./saving.ts"
import { signals } from "./signals.ts"

/**
 * The long proofs that nothing is lost, against the real program.
 *
 *     npx nx run tools:torture [--short] [--only=kills,signals] [--seed=1] [--out=results/torture.json]
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
    out: { type: "string" }
  }
})

const main = Effect.gen(function* () {
  const effort: Effort = {
    short: values.short,
    seed: Number(values.seed),
    report: (line) => Console.log(line)
  }
  const names = values.only.split(",")
  const results: Record<string, Verdict> = {}
  const summary = () => {
    const notRun = names.filter((name) => results[name] === undefined)
    const ok = notRun.length === 0 && Object.values(results).every((result) => result.ok)
    return { ok, notRun, short: effort.short, seed: effort.seed, ...results }
  }
  for (const name of names) {
    const proof = proofs[name]
    if (proof === undefined) {
      yield* Console.error(`error: --only=${name} is no proof; proofs: ${Object.keys(proofs).join(", ")}`)
      process.exitCode = 2
      return
    }
    results[name] = yield* proof(effort)
    // After every proof: what took hours is not lost with the next one.
    if (values.out !== undefined) yield* write(values.out, JSON.stringify(summary()))
  }
  yield* Console.log(JSON.stringify(summary()))
  if (!summary().ok) process.exitCode = 1
})

const write = (file: string, line: string) =>
  Effect.promise(async () => {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, `${line}\n`)
  })

NodeRuntime.runMain(Effect.provide(main, NodeServices.layer))
