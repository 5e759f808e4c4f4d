import { readRun } from "@moco/report/charts/runChart/readRun"
import { lastMeasurements } from "@moco/report/html/run/measurements"
import { Console, Effect, Schema } from "effect"
import { runTool } from "./runTool.ts"
import { tableOf } from "./seeds/table.ts"

/**
 * What runs that differ in their seed alone have come to, as a table in Markdown: means over the seeds, how far these are
 * apart, and intervals over images.
 *
 *     npx nx run tools:seeds -- RUN RUN ...
 */
class NoSeeds extends Schema.TaggedError<NoSeeds>()("NoSeeds", { problem: Schema.String }) {
  override get message() {
    return `${this.problem}\n  usage: npx nx run tools:seeds -- RUN RUN ...`
  }
}

const folders = process.argv.slice(2)

const withoutSeed = (config: object): string => JSON.stringify({ ...config, seed: 0 })

runTool(
  Effect.gen(function* () {
    if (folders.length === 0) return yield* new NoSeeds({ problem: "no run was named" })
    const runs = yield* Effect.forEach(folders, readRun)
    const [first, ...others] = runs
    const other = others.find(({ config }) => withoutSeed(config) !== withoutSeed(first!.config))
    if (other !== undefined)
      return yield* new NoSeeds({
        problem: `${first!.name} and ${other.name} differ in more than their seed`
      })
    yield* Console.log(tableOf(runs.map(lastMeasurements)))
  })
)
