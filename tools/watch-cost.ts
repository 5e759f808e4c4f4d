import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { get } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import { readBytes } from "@moco/native/PlainFile"
import { estimate } from "@moco/study/statistics"
import { type ProcessTicks, processTicks, treeTicks } from "./peer/procStat.ts"

/**
 * What `moco watch` costs a training beside it: one run, whose steps are timed in turn without and with a watch process and
 * an open page that reads its events. The program's last line is JSON.
 *
 *     npx nx run tools:watch-cost -- [--pairs=10] [--seconds=30] [--settle=8]
 *
 * The page is a client that reads what a browser reads; a browser draws too. Steps in the first `settle` seconds of each
 * turn are not counted: the watch process starts and stops in them.
 */

const main = join(import.meta.dirname, "../packages/cli/src/main.ts")
const timeoutMs = 600_000

let isInterrupted = false

const children = new Set<ChildProcess>()

const moco = (...args: ReadonlyArray<string>): ChildProcess => {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "ignore"] })
  children.add(child)
  return child
}

const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

const stop = async (child: ChildProcess) => {
  if (isOver(child)) return
  const ended = once(child, "exit")
  child.kill("SIGINT")
  await ended
}

const until = async <A>(look: () => A | undefined, child: ChildProcess): Promise<A> => {
  for (const start = performance.now(); performance.now() - start < timeoutMs; await sleep(50)) {
    const found = look()
    if (found !== undefined) return found
    // Whoever has interrupted it ends it, once all is cleared up.
    if (isOver(child) && !isInterrupted) throw new Error("the program has ended; start it by hand to see why")
  }
  throw new Error(`waited ${timeoutMs / 1000} s in vain`)
}

/** Milliseconds since 1970, as the log tells them. */
const now = () => performance.timeOrigin + performance.now()

interface Step {
  readonly at: number
  readonly ms: number
}

/** All that is larger is no log of a run of some minutes. */
const maxBytes = 2 ** 28

const stepsOf = (run: string): ReadonlyArray<Step> => {
  try {
    const lines = readBytes(join(run, "metrics.jsonl"), maxBytes).toString("utf8").split("\n").slice(0, -1)
    return lines
      .map((line) => JSON.parse(line))
      .flatMap(({ event, stepMs, time }) => (event === "step" ? [{ at: Date.parse(time), ms: stepMs }] : []))
  } catch {
    return []
  }
}

/** Processor time of a process and of those that it started, milliseconds; the kernel counts hundredths of a second. */
const processorTime = (pid: number): number => {
  const found = readdirSync("/proc").flatMap((name): ReadonlyArray<ProcessTicks> => {
    try {
      const ticks = /^\d+$/.test(name)
        ? processTicks(readBytes(`/proc/${name}/stat`, 2 ** 16).toString("utf8"))
        : undefined
      return ticks === undefined ? [] : [ticks]
    } catch {
      return []
    }
  })
  return 10 * treeTicks(found, pid)
}

/** A watch process, and what reads its page and then its events until it ends. */
const watching = async (run: string) => {
  const child = moco("watch", run, "--port=0")
  let said = ""
  child.stdout!.on("data", (data) => (said += data))
  const url = await until(() => /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0], child)
  let numBytes = 0
  for (const path of ["", "events"]) {
    get(`${url}${path}`, (response) => {
      response.on("data", (data: Buffer) => (numBytes += data.length))
      response.on("error", () => {})
    }).on("error", () => {})
  }
  return { child, bytes: () => numBytes }
}

interface Turn {
  readonly from: number
  readonly to: number
  /** Of the watch process, milliseconds, and what the page was sent. */
  readonly cost?: { readonly processor: number; readonly bytes: number }
}

const turnOf = async (run: string, isWatched: boolean): Promise<Turn> => {
  const watch = isWatched ? await watching(run) : undefined
  try {
    await sleep(1000 * settle)
    const before = watch && { processor: processorTime(watch.child.pid!), bytes: watch.bytes() }
    const from = now()
    await sleep(1000 * seconds)
    const to = now()
    if (watch === undefined || before === undefined) return { from, to }
    const processor = processorTime(watch.child.pid!) - before.processor
    return { from, to, cost: { processor, bytes: watch.bytes() - before.bytes } }
  } finally {
    if (watch !== undefined) await stop(watch.child)
  }
}

const median = (values: ReadonlyArray<number>): number => {
  const ordered = values.toSorted((a, b) => a - b)
  return (ordered[(values.length - 1) >> 1]! + ordered[values.length >> 1]!) / 2
}

/** The mean of the steps in a turn: an update of the page may slow one of many, which the middle one would not tell. */
const stepMsIn = (steps: ReadonlyArray<Step>, { from, to }: Turn): number => {
  const inside = steps.filter(({ at, ms }) => at - ms >= from && at <= to)
  if (inside.length === 0) throw new Error(`no step was taken in ${seconds} s: give more --seconds`)
  return inside.reduce((sum, { ms }) => sum + ms, 0) / inside.length
}

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "10" },
    seconds: { type: "string", default: "30" },
    settle: { type: "string", default: "8" }
  }
})
const [pairs, seconds, settle] = [Number(values.pairs), Number(values.seconds), Number(values.settle)]
if (!(Number.isInteger(pairs) && pairs >= 1 && seconds > 0 && settle >= 0)) {
  process.stderr.write(
    "error: --pairs must be a whole number above 0, --seconds and --settle numbers of seconds\n"
  )
  process.exit(2)
}

const round = (value: number, places: number) => Number(value.toFixed(places))

const dir = await mkdtemp(join(tmpdir(), "moco-watch-cost-"))
const run = join(dir, "run")
const args = ["--epochs=1000", "--set", "evaluations.knn=null", "--checkpoint-every=never", "--no-report"]
const training = moco("train", "--recipe=fashionMnistQuick", ...args, `--out=${run}`)
training.stdout!.resume()
const cleanUp = async () => {
  await Promise.all([...children].map(stop))
  await rm(dir, { recursive: true, force: true })
}
const interrupted = () => {
  isInterrupted = true
  void cleanUp().then(() => process.exit(130))
}
process.once("SIGINT", interrupted).once("SIGTERM", interrupted)
try {
  await until(() => (stepsOf(run).length >= 5 ? true : undefined), training)
  const ratios: Array<number> = []
  const costs: Array<NonNullable<Turn["cost"]>> = []
  for (let pair = 1; pair <= pairs; pair++) {
    const without = await turnOf(run, false)
    const beside = await turnOf(run, true)
    const steps = stepsOf(run)
    const [alone, watched] = [stepMsIn(steps, without), stepMsIn(steps, beside)]
    ratios.push(watched / alone)
    costs.push(beside.cost!)
    process.stdout.write(
      `pair ${pair}: ${alone.toFixed(1)} ms alone, ${watched.toFixed(1)} ms watched, ratio ${(watched / alone).toFixed(4)}; watch took ${beside.cost!.processor} ms of processor time\n`
    )
  }
  const { ci, mean, std } = estimate(ratios)!
  const result = {
    ...{ pairs, seconds, settle, ratio: round(mean, 4), median: round(median(ratios), 4) },
    ...(std === undefined ? {} : { std: round(std, 4) }),
    ...(ci === undefined ? {} : { interval95: [round(ci.low, 4), round(ci.high, 4)] }),
    /** Of one core. */
    watchPercent: round(costs.reduce((sum, { processor }) => sum + processor, 0) / (10 * pairs * seconds), 2),
    pageBytesPerSecond: Math.round(costs.reduce((sum, { bytes }) => sum + bytes, 0) / (pairs * seconds))
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
} finally {
  await cleanUp()
}
