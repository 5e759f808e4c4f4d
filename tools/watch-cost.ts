import { join } from "node:path"
import { helpConsole } from "@moco/core/EscapedConsole"
import { estimate } from "@moco/study/statistics"
import { median } from "@moco/train/Bench/report"
import { readLines } from "@moco/train/jsonLines"
import type { RunRecord } from "@moco/train/RunLog"
import { Clock, Console, Effect, FileSystem, Schema } from "effect"
import { Command, Flag, TerminalCapabilities } from "effect/cli"
import { ticksOf } from "./peer/ForeignLoad.ts"
import { runTool } from "./runTool.ts"
import { NotMeasured, start } from "./watch-cost/Program.ts"
import { readPage } from "./watch-cost/readPage.ts"

/**
 * What `moco watch` costs a training beside it: one run, whose steps are timed in turn without and with a watch process and
 * an open page that reads its events. The program's last line is JSON.
 *
 *     npx nx run tools:watch-cost -- [--pairs=10] [--seconds=30] [--settle=8]
 *
 * The page is a client that reads what a browser reads; a browser draws too. Steps in the first `settle` seconds of each
 * turn are not counted: the watch process starts and stops in them. Every other pair begins with the watched turn, so that a
 * machine that grows faster or slower meanwhile counts for neither.
 */
const main = join(import.meta.dirname, "../packages/cli/src/main.ts")
const moco = (...args: ReadonlyArray<string>) => start(process.execPath, [main, ...args])

/** What `look` finds, once it finds something. */
const until = <A, E, R>(what: string, look: Effect.Effect<A | undefined, E, R>) =>
  Effect.delay(look, "100 millis").pipe(
    Effect.repeat({ until: (found: A | undefined): found is A => found !== undefined }),
    Effect.timeoutOrElse({
      duration: "10 minutes",
      orElse: () => new NotMeasured({ message: `waited 10 minutes for ${what} in vain` })
    })
  )

const stepsOf = Effect.fnUntraced(function* (run: string) {
  const records = (yield* readLines(join(run, "metrics.jsonl"))).map((line): RunRecord => JSON.parse(line))
  return records.flatMap((record) =>
    record.event === "step" ? [{ at: Date.parse(record.time), ms: record.stepMs }] : []
  )
})

interface Turn {
  readonly run: string
  readonly seconds: number
  readonly settle: number
}

/** The mean of the steps of some seconds: an update of the page may slow one of many, which the middle one would not tell. */
const stepMsOf = Effect.fnUntraced(function* ({ run, seconds }: Turn) {
  const from = yield* Clock.currentTimeMillis
  yield* Effect.sleep(1000 * seconds)
  const to = yield* Clock.currentTimeMillis
  const inside = (yield* stepsOf(run)).filter(({ at, ms }) => at - ms >= from && at <= to)
  if (inside.length > 0) return sumOf(inside.map(({ ms }) => ms)) / inside.length
  return yield* new NotMeasured({ message: `no step was taken in ${seconds} s\n  give more --seconds` })
})

const alone = (turn: Turn) => Effect.delay(stepMsOf(turn), 1000 * turn.settle)

/** Beside a watch process and an open page: what it took of the processor, and what the page was sent. */
const watched = Effect.fnUntraced(function* (turn: Turn) {
  const watch = yield* moco("watch", turn.run, "--port=0")
  const events = { bytes: 0 }
  const measured = Effect.gen(function* () {
    yield* Effect.sleep(1000 * turn.settle)
    const before = { ticks: yield* ticksOf(watch.pid), ...events }
    const stepMs = yield* stepMsOf(turn)
    if (events.bytes === 0) return yield* new NotMeasured({ message: "the page was sent no events" })
    // The kernel counts hundredths of a second.
    const processorMs = 10 * ((yield* ticksOf(watch.pid)) - before.ticks)
    return { stepMs, processorMs, bytes: events.bytes - before.bytes }
  })
  const address = Effect.sync(() => /http:\/\/127\.0\.0\.1:\d+\//.exec(watch.said())?.[0])
  return yield* watch.whileRunning(
    Effect.gen(function* () {
      const url = yield* until("the address of the page", address)
      yield* readPage(url)
      const ended = new NotMeasured({ message: `the events of ${url} have ended` })
      return yield* Effect.raceFirst(measured, Effect.andThen(readPage(`${url}events`, events), ended))
    })
  )
}, Effect.scoped)

const pairOf = Effect.fnUntraced(function* (turn: Turn, pair: number) {
  const first = pair % 2 === 1 ? yield* alone(turn) : undefined
  const beside = yield* watched(turn)
  const aloneMs = first ?? (yield* alone(turn))
  return { ...beside, aloneMs, ratio: beside.stepMs / aloneMs }
})
type Pair = Effect.Success<ReturnType<typeof pairOf>>

const round = (value: number, places: number) => Number(value.toFixed(places))
const sumOf = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0)

const resultOf = (pairs: ReadonlyArray<Pair>, { seconds, settle }: Turn) => {
  const ratios = pairs.map(({ ratio }) => ratio)
  const { ci, mean, std } = estimate(ratios)!
  const processorMs = sumOf(pairs.map((pair) => pair.processorMs))
  return {
    ...{ pairs: pairs.length, seconds, settle, ratio: round(mean, 4), median: round(median(ratios), 4) },
    ...(std === undefined ? {} : { std: round(std, 4) }),
    ...(ci === undefined ? {} : { interval95: [round(ci.low, 4), round(ci.high, 4)] }),
    /** Of one core. */
    watchPercent: round(processorMs / (10 * pairs.length * seconds), 2),
    pageBytesPerSecond: Math.round(sumOf(pairs.map(({ bytes }) => bytes)) / (pairs.length * seconds))
  }
}

const measure = Effect.fnUntraced(function* (numPairs: number, turn: Turn) {
  // There is no log at first.
  const steps = Effect.orElseSucceed(stepsOf(turn.run), () => [])
  yield* until(
    "five steps",
    Effect.map(steps, ({ length }) => (length >= 5 ? true : undefined))
  )
  const pairs: Array<Pair> = []
  for (let pair = 1; pair <= numPairs; pair++) {
    const found = yield* pairOf(turn, pair)
    pairs.push(found)
    const ms = `${found.aloneMs.toFixed(1)} ms alone, ${found.stepMs.toFixed(1)} ms watched`
    const ratio = `ratio ${found.ratio.toFixed(4)}; watch took ${found.processorMs} ms of processor time`
    yield* Console.log(`pair ${pair}: ${ms}, ${ratio}`)
  }
  yield* Console.log(JSON.stringify(resultOf(pairs, turn)))
})

const given = (flag: Flag.Flag<number>, minimum: number, usual: number) =>
  flag.pipe(
    Flag.withSchema(Schema.Finite.check(Schema.isBetween({ minimum, maximum: 3600 }))),
    Flag.withDefault(usual)
  )
const flags = {
  pairs: given(Flag.Int("pairs"), 1, 10),
  seconds: given(Flag.Finite("seconds"), 0.1, 30),
  settle: given(Flag.Finite("settle"), 0, 8)
}

const watchCost = Command.make(
  "watch-cost",
  flags,
  Effect.fnUntraced(function* ({ pairs, ...length }) {
    const { makeTempDirectoryScoped } = yield* FileSystem.FileSystem
    const run = join(yield* makeTempDirectoryScoped({ prefix: "moco-watch-cost-" }), "run")
    const args = ["--epochs=1000", "--set", "evaluations.knn=null", "--checkpoint-every=never", "--no-report"]
    const training = yield* moco("train", "--recipe=fashionMnistQuick", ...args, `--out=${run}`)
    yield* training.whileRunning(measure(pairs, { run, ...length }))
  }, Effect.scoped)
).pipe(Command.withDescription("Measures what `moco watch` costs a training beside it"))

Command.run(watchCost, { version: "0.0.0" }).pipe(Effect.provide(TerminalCapabilities.layer), (program) =>
  runTool(program, { console: helpConsole })
)
