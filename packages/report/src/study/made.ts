import { filesOf } from "@moco/train/RunFolder/files"
import { Effect, Path } from "effect"
import { duration } from "../duration.ts"
import { environmentFacts, type RunEnvironment, readEnvironment } from "../environment.ts"
import type { ReportSource } from "./files.ts"

/** How a study was made: names beside what they are. */
export const madeOf = Effect.fnUntraced(function* (source: ReportSource) {
  const { command, records, results, study } = source
  const { definition, trials } = study
  const times = records.map(({ time }) => time).sort()
  const environments = yield* environmentsOf(source)
  const made: ReadonlyArray<readonly [string, string]> = [
    ["command", `npx moco ablate --study=${command}`],
    ...(records.length === 0 ? [] : [["images", imagesOf(environments)] as const]),
    ...ranOn(environments.flatMap((found) => found ?? [])),
    ...(times.length === 0
      ? []
      : ([
          [
            "time",
            `last run ended ${times.at(-1)!}; all runs together took ${duration(results.seconds)} of wall time`
          ]
        ] as const)),
    ["recipe", `${definition.recipe}, changed in: ${JSON.stringify(definition.set ?? {})}`],
    [
      "seeds",
      `${definition.seeds.join(", ")}; ${results.numCompleted} of ${trials.length} runs completed, ${results.numFailed} failed`
    ]
  ]
  return made
})

/** Name and hash of the images, where all runs had the same; where not, whose were which. */
const imagesOf = (environments: ReadonlyArray<RunEnvironment | undefined>): string => {
  const each = environments.map((found) => new Map(environmentFacts(found ?? {})).get("images"))
  const [[first, ofFirst] = [undefined, []], ...others] = [...Map.groupBy(each, (images) => images)]
  if (others.length === 0) {
    return first ?? "not known: no environment.json of its runs names them"
  }
  const all = [[first, ofFirst] as const, ...others].map(
    ([images, same]) => `${images ?? "not known"} (${same.length} of ${each.length} runs)`
  )
  return `not the same in all runs: ${all.join("; ")}`
}

/** Facts of an environment that tell runs on one machine and build from others. */
const told = ["program", "processor", "instructions", "backend", "system"]

/** What the runs ran on: where they differ, all that there is. */
const ranOn = (environments: ReadonlyArray<RunEnvironment>): ReadonlyArray<readonly [string, string]> => {
  const facts = environments.flatMap(environmentFacts)
  return told.flatMap((name) => {
    const values = new Set(facts.filter((fact) => fact[0] === name).map(([, value]) => value))
    return values.size === 0 ? [] : [[name, [...values].join("; ")] as const]
  })
}

/** Of each run; nothing where that cannot be read. */
const environmentsOf = Effect.fnUntraced(function* ({ folder, records }: ReportSource) {
  const path = yield* Path.Path
  return yield* Effect.forEach(records, ({ runFolder }) =>
    readEnvironment(filesOf(path, path.join(folder, runFolder)).environment)
  )
})
