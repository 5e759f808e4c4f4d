import * as os from "node:os"
import { run } from "@moco/native/setup/Command"
import * as LiveLine from "@moco/report/live/LiveLine"
import { cpu } from "@moco/train/RunFolder/cpu"
import { Clock, Console, DateTime, Effect } from "effect"
import { runBlock } from "./Block.ts"
import type { Case, Program, Row } from "./Case.ts"
import { commandOf, environmentOf, type Places } from "./commands.ts"
import * as ForeignLoad from "./ForeignLoad.ts"
import { type Block, measureCase } from "./measure.ts"
import { type Heading, type Report, reportOf, write } from "./Report.ts"
import { summarise } from "./summary.ts"
import { render, tableOf } from "./table.ts"

/** What is compared, and how. */
export interface ComparisonPlan {
  readonly places: Places
  readonly versions: { readonly python: string; readonly torch: string }
  readonly cases: ReadonlyArray<Case>
  readonly programs: ReadonlyArray<Program>
  readonly rounds: number
  readonly steps: number | undefined
  readonly warmUp: number
  readonly threads: number
  readonly augment: boolean
  /** How long the machine is looked at before and after a block, milliseconds. */
  readonly pauseMs: number
  readonly out: string | undefined
  /** The repository's folder. */
  readonly root: string
}

/**
 * Measures the cases one after another. Ends with the tables and, as the last line, the report as JSON; when it is
 * stopped or fails too, of what was measured until then.
 */
export const compare = Effect.fn("peer.compare")(function* (plan: ComparisonPlan) {
  const { augment, cases, places, threads } = plan
  const environment = environmentOf(process.platform, process.env, threads, places.cacheDir)
  // A folder of this machine is nobody else's business, and settles nothing.
  const { TORCHINDUCTOR_CACHE_DIR: _, ...told } = environment
  const heading = yield* headingOf(plan, told)
  const blocks: Array<Block> = []
  const live = yield* LiveLine.make
  const save = (isFinished: boolean) => {
    const report = reportOf(heading, cases, blocks, isFinished)
    return plan.out === undefined ? Effect.succeed(report) : Effect.as(write(plan.out, report), report)
  }
  // Now, and not after the first block: that it cannot be written should not take a minute to learn.
  let report = yield* save(false)

  const measure = (row: Row, work: { readonly steps: number; readonly warmUp: number }, title: string) => {
    const command = commandOf(places, row, { ...work, threads, augment })
    return whileTicking(live, title, ForeignLoad.watch(runBlock(command, environment), plan.pauseMs))
  }
  const all = Effect.gen(function* () {
    for (const aCase of cases) {
      yield* measureCase(aCase, plan, measure, (block) =>
        Effect.gen(function* () {
          blocks.push(block)
          report = reportOf(heading, cases, blocks, false)
          yield* live.print(lineOf(block))
          yield* save(false)
        })
      )
    }
    report = yield* save(true)
  })
  yield* Effect.ensuring(
    all,
    Effect.suspend(() => conclude(report, { augment, threads }))
  )
  return report
}, Effect.scoped)

/** Redraws the last line of a terminal every second while `effect` runs. */
const whileTicking = Effect.fnUntraced(function* <A, E, R>(
  live: Effect.Success<typeof LiveLine.make>,
  title: string,
  effect: Effect.Effect<A, E, R>
) {
  if (!live.canAnimate) return yield* effect
  const start = yield* Clock.currentTimeMillis
  const tick = Effect.gen(function* () {
    const seconds = ((yield* Clock.currentTimeMillis) - start) / 1000
    yield* live.draw((columns) => `${title}: ${seconds.toFixed(0)} s`.slice(0, columns))
    yield* Effect.sleep("1 second")
  })
  return yield* Effect.raceFirst(effect, Effect.forever(tick))
})

/** A block in a line. */
export const lineOf = (block: Block): string => {
  const again = block.try === 1 ? "" : `, try ${block.try}`
  const where = `${block.case}, round ${block.round}${again}, ${block.row}`
  if (block.outcome.kind === "failed") return `${where}: failed: ${block.outcome.reason}`
  const { foreign, isSpoiled, result } = block.outcome
  const others =
    foreign.worst === null ? "" : `, others used up to ${(100 * foreign.worst).toFixed(0)} % of the machine`
  return (
    `${where}: ${result.imagesPerSecond.toFixed(1)} images/s, ${result.stepMs.median.toFixed(1)} ms, ` +
    `${result.peakRssMiB.toFixed(0)} MiB${others}${isSpoiled ? " (spoiled)" : ""}`
  )
}

const conclude = Effect.fnUntraced(function* (
  report: Report,
  options: { readonly threads: number; readonly augment: boolean }
) {
  const begun = report.cases.filter(({ name }) => report.blocks.some((block) => block.case === name))
  for (const aCase of begun) {
    const summary = summarise(aCase, report.programs, report.blocks)
    yield* Console.log(`\n${render(tableOf(aCase, summary, options))}`)
  }
  yield* Console.log(`\n${JSON.stringify(report)}`)
})

const headingOf = Effect.fnUntraced(function* (
  plan: ComparisonPlan,
  environment: Readonly<Record<string, string>>
) {
  const heading: Heading = {
    date: DateTime.formatIso(yield* DateTime.now),
    commit: yield* commitOf(plan.root),
    cpu: yield* cpu,
    memoryMiB: Math.round(os.totalmem() / 2 ** 20),
    versions: { node: process.versions.node, ...plan.versions },
    environment,
    threads: plan.threads,
    augment: plan.augment,
    rounds: plan.rounds,
    programs: plan.programs
  }
  return heading
})

/** The commit of a repository, with `+` where files were changed since; "unknown" where there is none. */
const commitOf = Effect.fnUntraced(function* (root: string) {
  const head = yield* run("git", ["-C", root, "rev-parse", "HEAD"])
  if (head.exitCode !== 0) return "unknown"
  const changes = yield* run("git", ["-C", root, "status", "--porcelain"])
  return `${head.output.trim().slice(0, 12)}${changes.output.trim() === "" ? "" : "+"}`
})
