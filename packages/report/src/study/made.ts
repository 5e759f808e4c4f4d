import * as SafeFile from "@moco/core/SafeFile"
import { filesOf } from "@moco/train/RunFolder/files"
import { Effect, Path, Schema } from "effect"
import { duration } from "../duration.ts"
import { type RunEnvironment, RunEnvironmentJson } from "../environment.ts"
import type { ReportSource } from "./files.ts"

/** How a study was made: names beside what they are. */
export const madeOf = Effect.fnUntraced(function* (source: ReportSource) {
  const { command, records, results, study } = source
  const { definition, trials } = study
  const times = records.map(({ time }) => time).sort()
  const environments = yield* environmentsOf(source)
  const distinct = (of: (environment: RunEnvironment) => string) =>
    [...new Set(environments.map(of))].join("; ")
  const made: ReadonlyArray<readonly [string, string]> = [
    ["command", `npx moco ablate --study=${command}`],
    ...(environments.length === 0
      ? []
      : ([
          [
            "commit",
            distinct(({ commit }) =>
              commit === null ? "unknown" : `${commit.hash.slice(0, 12)}${commit.dirty ? " (changed)" : ""}`
            )
          ],
          [
            "machine",
            `${distinct(({ cpu, platform }) => `${platform}, ${cpu.model}, ${cpu.cores} cores, ${cpu.features.join(" ")}`)}; ` +
              distinct(
                ({ backend, node }) => `${backend.name} ${backend.version} on ${backend.device}, Node ${node}`
              )
          ]
        ] as const)),
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

const environmentsOf = Effect.fnUntraced(function* ({ folder, records }: ReportSource) {
  const path = yield* Path.Path
  const found = yield* Effect.forEach(records, ({ runFolder }) =>
    Effect.option(
      Effect.andThen(
        SafeFile.readText(filesOf(path, path.join(folder, runFolder)).environment, { maxBytes: 2 ** 20 }),
        Schema.decodeUnknownEffect(RunEnvironmentJson)
      )
    )
  )
  return found.flatMap((environment) => (environment._tag === "Some" ? [environment.value] : []))
})
