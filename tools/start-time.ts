import { spawn } from "node:child_process"
import { once } from "node:events"
import { access, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"

/**
 * How long `npx nx run cli:train` takes until its first step is taken and logged, on images of one's own where a folder is
 * named; the program's last line is JSON.
 *
 *     npx nx run tools:start-time -- [--starts=7] [--data=DIR]
 */

const timeoutMs = 120_000

/** Seconds of one start: a process group of its own, stopped at the first step. */
const timeOneStart = async (train: ReadonlyArray<string>): Promise<number> => {
  const dir = await mkdtemp(join(tmpdir(), "moco-start-"))
  const run = join(dir, "run")
  const start = performance.now()
  const child = spawn("npx", [...train, `--out=${run}`], {
    detached: true,
    stdio: "ignore"
  })
  const ended = once(child, "exit")
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const stop = () => {
    if (!isOver()) process.kill(-child.pid!, "SIGTERM")
  }
  const interrupted = () => {
    stop()
    process.exit(130)
  }
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted)
  try {
    await until(async () => isOver() || (await hasStepped(run)), 5)
    if (isOver()) throw new Error("the run ended before its first step; start it by hand to see why")
    return (performance.now() - start) / 1000
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted)
    stop()
    await ended
    // The run is not nx's child alone: its lock is gone when it has saved and ended.
    await until(async () => !(await exists(join(run, "run.lock"))), 20)
    await rm(dir, { recursive: true })
  }
}

const until = async (condition: () => Promise<boolean>, everyMs: number) => {
  const start = performance.now()
  while (!(await condition())) {
    if (performance.now() - start > timeoutMs) throw new Error(`waited ${timeoutMs / 1000} s in vain`)
    await sleep(everyMs)
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false
  )

const hasStepped = async (run: string): Promise<boolean> => {
  const log = await readFile(join(run, "metrics.jsonl"), "utf8").catch(() => "")
  return log.includes('"event":"step"')
}

const { values } = parseArgs({
  options: { starts: { type: "string", default: "7" }, data: { type: "string" } }
})
const { data } = values
const train = ["nx", "run", "cli:train", ...(data === undefined ? [] : [`--data=${resolve(data)}`])]
const numStarts = Number(values.starts)
if (!Number.isInteger(numStarts) || numStarts < 1) {
  process.stderr.write(`error: --starts=${values.starts}: must be a whole number, 1 or more\n`)
  process.exit(2)
}
// The first one brings files into memory, and the set-up into order.
await timeOneStart(train)
const seconds: Array<number> = []
for (let start = 1; start <= numStarts; start++) {
  seconds.push(await timeOneStart(train))
  process.stdout.write(`start ${start}: first step after ${seconds.at(-1)!.toFixed(2)} s\n`)
}
const ordered = seconds.toSorted((a, b) => a - b)
const round = (value: number) => Math.round(value * 100) / 100
const median = round((ordered[(numStarts - 1) >> 1]! + ordered[numStarts >> 1]!) / 2)
const result = {
  command: `npx ${train.join(" ")}`,
  starts: numStarts,
  median,
  min: round(ordered[0]!),
  max: round(ordered.at(-1)!)
}
process.stdout.write(`${JSON.stringify(result)}\n`)
