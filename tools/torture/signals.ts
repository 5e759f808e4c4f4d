import { Effect } from "effect"
import { eventsOf, stepsOf } from "./history.ts"
import { checkpointsOf, freshFolder, removeRun, runArgs, sleep, start } from "./programs.ts"
import { between, randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"

const codes = { SIGINT: 130, SIGTERM: 143 } as const

/** Real signals to the real program: each run saves where it is, and ends with the code of its signal. */
export const signals = Effect.fn("torture.signals")(function* ({ report, seed, short }: Effort) {
  const numSignals = short ? 2 : 50
  const random = randomOf(seed, 2)
  const problems: Array<string> = []
  const times: Array<number> = []
  for (let n = 0; n < numSignals; n++) {
    const signal = n % 2 === 0 ? "SIGTERM" : "SIGINT"
    const outcome = yield* Effect.promise(() => signalOnce(signal, between(random, 0, 1500)))
    times.push(outcome.ms)
    if (outcome.problem !== undefined) problems.push(`${signal} ${n}: ${outcome.problem}`)
    yield* report(`signals: ${n + 1}/${numSignals}, ${problems.length} problems`)
  }
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!)
  const verdict: Verdict = {
    ok: problems.length === 0,
    counts: {
      signals: numSignals,
      saved: numSignals - problems.length,
      medianMs: at(0.5),
      p99Ms: at(0.99),
      problems
    }
  }
  return verdict
})

const signalOnce = async (signal: keyof typeof codes, delay: number) => {
  const folder = freshFolder()
  const args = [...runArgs("queue", { epochs: 400 }), "--checkpoint-every=never", `--out=${folder}`]
  const { child, ended } = start(args)
  while (stepsOf(eventsOf(folder)).length === 0 && child.exitCode === null) await sleep(10)
  await sleep(delay)
  const sentAt = performance.now()
  child.kill(signal)
  const { code } = await ended
  const ms = performance.now() - sentAt
  const saved = Number(checkpointsOf(folder).at(-1) ?? -1)
  const taken = stepsOf(eventsOf(folder)).length
  const problem =
    code !== codes[signal]
      ? `exit code ${code}`
      : saved !== taken
        ? `saved after ${saved} steps and took ${taken}`
        : undefined
  if (problem === undefined) removeRun(folder)
  return { ms, problem }
}
