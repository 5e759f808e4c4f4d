import { Clock, Effect, FileSystem } from "effect"
import { foreignShare, machineTicks, processTicks, type Sample, treeTicks, worstShare } from "./procStat.ts"

/** Parts of the machine, 0 to 1, that others than the block used; `null` where the system does not tell. */
export interface ForeignLoad {
  readonly before: number | null
  readonly during: number | null
  /** In the worst ten seconds of the block; it is this that spoils it. */
  readonly worst: number | null
  readonly after: number | null
}

/** Seldom enough to cost nothing: a look at all processes takes some milliseconds. */
const sampleEvery = "2 seconds"

/** Of a stretch of time that counts for itself. */
const stretchMs = 10_000

/** Runs `effect` and tells what others did before it, meanwhile and after it. */
export const watch = Effect.fnUntraced(function* <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  /** How long it is looked at the machine without the effect, each time. */
  pauseMs: number
) {
  const before = yield* ofPause(pauseMs)
  const samples: Array<Sample> = []
  const look = Effect.map(sample, (found) => {
    if (found !== undefined) samples.push(found)
  })
  yield* look
  const value = yield* Effect.raceFirst(
    effect,
    Effect.forever(Effect.andThen(Effect.sleep(sampleEvery), look))
  )
  yield* look
  const load: ForeignLoad = {
    before,
    during: shareOf(samples[0], samples.at(-1)),
    worst: worstShare(samples, stretchMs) ?? null,
    after: yield* ofPause(pauseMs)
  }
  return { value, load }
})

const ofPause = Effect.fnUntraced(function* (pauseMs: number) {
  const from = yield* sample
  yield* Effect.sleep(pauseMs)
  return shareOf(from, yield* sample)
})

const shareOf = (from: Sample | undefined, to: Sample | undefined): number | null =>
  (from && to && foreignShare(from, to)) ?? null

/** The counts now; nothing where there is no `/proc`. */
export const sample = Effect.gen(function* () {
  const fileSystem = yield* FileSystem.FileSystem
  const machine = machineTicks(yield* fileSystem.readFileString("/proc/stat"))
  const own = yield* ticksOf(process.pid)
  const at = Number(yield* Clock.monotonicTimeNanos) / 1e6
  return machine && { ...machine, own, at }
}).pipe(Effect.orElseSucceed(() => undefined))

/** A process that ends while its family is counted may be counted nowhere: then it is counted anew. */
const maxTries = 4

/** The ticks of a process and of all that descend from it. */
export const ticksOf = Effect.fnUntraced(function* (root: number) {
  const fileSystem = yield* FileSystem.FileSystem
  for (let tries = 1; ; tries++) {
    const pids = (yield* fileSystem.readDirectory("/proc")).filter((name) => /^\d+$/.test(name))
    const texts = yield* Effect.forEach(pids, (pid) =>
      Effect.orElseSucceed(fileSystem.readFileString(`/proc/${pid}/stat`), () => "")
    )
    if (texts.includes("") && tries < maxTries) continue
    return treeTicks(
      texts.flatMap((text) => processTicks(text) ?? []),
      root
    )
  }
})
