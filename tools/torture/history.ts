import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { RunRecord } from "@moco/train/RunLog"
import { checkpointsOf } from "./programs.ts"

type Step = Extract<RunRecord, { readonly event: "step" }>

/** The whole lines of a run's log. */
export const eventsOf = (folder: string): ReadonlyArray<RunRecord> => {
  const file = join(folder, "metrics.jsonl")
  if (!existsSync(file)) return []
  const lines = readFileSync(file, "utf8").split("\n")
  return lines.slice(0, -1).map((line): RunRecord => JSON.parse(line))
}

export const stepsOf = (events: ReadonlyArray<RunRecord>): ReadonlyArray<Step> =>
  events.filter((event) => event.event === "step")

/** What a run has left: all of it must be another run's that takes the same steps. */
export interface History {
  /** Of everything that the newest checkpoint says about the run's future. */
  readonly state: string
  /** What was computed in every step, in the order of the log, without what it took. */
  readonly steps: ReadonlyArray<string>
  readonly evaluations: ReadonlyArray<string>
}

export const historyOf = (folder: string): History => {
  const events = eventsOf(folder)
  return {
    state: stateHash(folder),
    steps: stepsOf(events).map(({ metrics, stepMs, time, ...rest }) => {
      const { imagesPerSecond, numTensors, ...computed } = metrics
      return JSON.stringify({ ...rest, computed })
    }),
    evaluations: events.flatMap((event) => {
      if (event.event !== "evaluation") return []
      const { seconds, time, ...computed } = event
      return [JSON.stringify(computed)]
    })
  }
}

/** Where a history leaves the expected one. */
export const differenceOf = (found: History, expected: History): string | undefined => {
  for (const key of ["steps", "evaluations"] as const) {
    const at = expected[key].findIndex((line, i) => line !== found[key][i])
    if (at !== -1) return `${key}[${at}] is ${found[key][at]} and not ${expected[key][at]}`
    const [more, all] = [found[key].length, expected[key].length]
    if (more > all) return `the log has ${more} ${key} and not ${all}`
  }
  return found.state === expected.state ? undefined : `the last state is another one: ${found.state}`
}

const stateHash = (folder: string): string => {
  const newest = join(folder, "checkpoints", checkpointsOf(folder).at(-1)!)
  const hash = createHash("sha256")
  for (const part of ["query.safetensors", "optimizer.safetensors", "dictionary.safetensors"]) {
    hash.update(readFileSync(join(newest, part)))
  }
  const manifest = JSON.parse(readFileSync(join(newest, "manifest.jsonl"), "utf8").split("\n")[0]!)
  const { best, evaluatedAt, rateFactor, step } = manifest.progress
  return hash.update(JSON.stringify([manifest.counters, best, evaluatedAt, rateFactor, step])).digest("hex")
}
