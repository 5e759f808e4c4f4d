import { Effect } from "effect"
import { seconds } from "../internal/seconds.ts"
import type { StepTimes } from "../StageTimes.ts"
import { exceeds, LoadMeter, othersShare, type Usage, usageBetween } from "./LoadMeter.ts"

/** How steps are measured. */
export interface BlockSettings {
  /** Steps that count, in all blocks together. */
  readonly numSteps: number
  /** Seconds after which a block ends with its step: enough ticks to tell what others do, few enough to repeat. */
  readonly blockSeconds: number
  /** Part of the machine, 0 to 1, from which on the work of others spoils a block. */
  readonly threshold: number
  /** How often a block is measured at most. */
  readonly maxTries: number
}

export const defaultBlocks = { blockSeconds: 1, threshold: 0.1, maxTries: 3 } as const

/** Some steps, and what else went on meanwhile. */
interface Block {
  readonly steps: ReadonlyArray<StepTimes>
  readonly usage: Usage | undefined
  readonly isSpoiled: boolean
}

/**
 * Measures steps in blocks. A block that others have spoiled is measured again; where it stays so, the try in which they
 * did least counts, and says that it is spoiled.
 */
export const measureBlocks = Effect.fnUntraced(function* <E, R>(
  takeStep: Effect.Effect<StepTimes, E, R>,
  settings: BlockSettings
) {
  const blocks: Array<Block> = []
  let numLeft = settings.numSteps
  while (numLeft > 0) {
    let best = yield* measureBlock(takeStep, settings, numLeft)
    for (let numTries = 1; best.isSpoiled && numTries < settings.maxTries; numTries++) {
      const again = yield* measureBlock(takeStep, settings, numLeft)
      if ((othersShare(again.usage) ?? 0) < (othersShare(best.usage) ?? 0)) best = again
    }
    blocks.push(best)
    numLeft -= best.steps.length
  }
  return blocks
})

const measureBlock = Effect.fnUntraced(function* <E, R>(
  takeStep: Effect.Effect<StepTimes, E, R>,
  { blockSeconds, threshold }: BlockSettings,
  maxSteps: number
) {
  const meter = yield* LoadMeter
  const steps: Array<StepTimes> = []
  const before = yield* meter.read
  const start = yield* seconds
  do {
    steps.push(yield* takeStep)
    // Lets signals in: synchronous steps starve them.
    yield* Effect.yieldNow
  } while (steps.length < maxSteps && (yield* seconds) - start < blockSeconds)
  const usage = usageBetween(before, yield* meter.read)
  const block: Block = { steps, usage, isSpoiled: exceeds(usage, threshold) }
  return block
})
