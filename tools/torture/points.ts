import { sha256 } from "@moco/train/Checkpoint/manifest"
import type { CapturedState } from "@moco/train/RunState"
import { Effect } from "effect"
import { type Mechanism, mechanismNames } from "./programs.ts"
import { between, randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"
import { tinyTrainer, train } from "./tinyTrainer.ts"

/**
 * Steps from random points, equal to the bit to those of a run that was never stopped: each run is continued at a random
 * point by a trainer of its own, stopped and continued twice more on the way.
 */
export const points = Effect.fn("torture.points")(function* ({ once, report, seed, short }: Effort) {
  const numSteps = short ? 40 : 500
  const numPoints = short ? 2 : 50
  const problems: Array<string> = []
  let numContinued = 0
  for (const [i, mechanism] of mechanismNames.entries()) {
    const random = randomOf(seed, 10 + i)
    const found = yield* once(`points ${mechanism}`, continued(mechanism, random, numSteps, numPoints))
    numContinued += numPoints
    problems.push(...found)
    yield* report(`points: ${mechanism}, ${numPoints} points of ${numSteps} steps, ${found.length} problems`)
  }
  const verdict: Verdict = {
    ok: problems.length === 0,
    counts: {
      steps: numSteps,
      pointsPerMechanism: numPoints,
      interruptionsChained: 3,
      equal: numContinued - problems.length,
      of: numContinued,
      problems
    }
  }
  return verdict
})

/** The points from which a mechanism came to another end. */
const continued = Effect.fnUntraced(function* (
  mechanism: Mechanism,
  random: ReturnType<typeof randomOf>,
  numSteps: number,
  numPoints: number
) {
  const problems: Array<string> = []
  const starts = new Set<number>()
  while (starts.size < numPoints) starts.add(between(random, 1, numSteps - 3))
  const whole = yield* train(0, numSteps, undefined, starts).pipe(Effect.provide(tinyTrainer(mechanism)))
  const expected = hashOf(whole.end)
  for (const [start, state] of whole.seen) {
    const second = between(random, start + 1, numSteps - 2)
    const third = between(random, second + 1, numSteps - 1)
    let current: CapturedState = state
    for (const [from, to] of [
      [start, second],
      [second, third],
      [third, numSteps]
    ] as const) {
      const { end } = yield* train(from, to, current).pipe(Effect.provide(tinyTrainer(mechanism)))
      current = end
    }
    if (hashOf(current) !== expected) problems.push(`${mechanism}: from ${start}, ${second}, ${third}`)
  }
  return problems
})

const hashOf = ({ counters, parts }: CapturedState): string =>
  sha256(JSON.stringify([counters, Object.values(parts).map((bytes) => sha256(bytes))]))
