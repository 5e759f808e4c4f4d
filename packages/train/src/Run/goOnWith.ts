import { ViewPairs } from "@moco/data/ViewPairs"
import { Effect } from "effect"
import { Checkpoints } from "../Checkpoints.ts"
import { beginning } from "../Pretrain/TrainerState.ts"
import { type ConfigChangedEvent, continuation } from "../RunConfig/continuation.ts"
import { configDifferences } from "../RunConfig/differences.ts"
import type { RunConfig } from "../RunConfig.ts"
import * as RunFolder from "../RunFolder.ts"
import { RunLog } from "../RunLog.ts"
import { info } from "./RunMessages.ts"
import type { RunStart } from "./start.ts"

/** Whether a run goes on with another config than it has been on its way with, be it one that changes nothing of it. */
export const hasOtherConfig = ({ begun, config }: RunStart): boolean =>
  configDifferences(begun, config).length > 0

/** What changes at the next step for a run that goes on with another config; nothing where nothing does. */
export const changeOf = Effect.fnUntraced(function* ({ begun, config, from }: RunStart) {
  const { stepsPerEpoch } = yield* ViewPairs
  return continuation(begun, config, from?.manifest.progress ?? beginning, stepsPerEpoch)
})

/**
 * Goes over to another config: tells and logs what changes by it, then puts it on disk. The checkpoint that carries the
 * new config takes the place of the old one in one move, and the config file follows it: whenever the process is killed,
 * the run goes on with the one config or with the other.
 *
 * @param change  nothing where no step becomes another one by it
 * @returns how far the run is
 */
export const goOnWith = Effect.fn("Run.goOnWith")(function* (
  change: ConfigChangedEvent | undefined,
  { config, progress = beginning }: RunStart,
  folder: RunFolder.RunFolder
) {
  const log = yield* RunLog
  const checkpoints = yield* Checkpoints
  if (change !== undefined) {
    yield* info(changeLines(change, config).join("\n"))
    yield* log.record(change)
  }
  const changed = { ...progress, logPosition: yield* log.flush }
  yield* checkpoints.save(changed.step, Effect.succeed(changed))
  yield* RunFolder.writeConfig(folder, config)
  return changed
}, Effect.uninterruptible)

/** What has changed, and what it does to the learning rate and to the momentum of the next step. */
const changeLines = (change: ConfigChangedEvent, config: RunConfig): ReadonlyArray<string> => {
  const { changes, learningRate, momentum, step } = change
  const isLonger = changes.some(({ path }) => path === "training.epochs")
  const meaning = isLonger ? ` (${meanings[config.optimizer.schedule.kind]})` : ""
  return [
    ...changes.map(({ before, now, path }) => `${path} was ${before} and is ${now} from step ${step} on`),
    `  learning rate of step ${step}: ${moves(learningRate)}${meaning}`,
    ...(momentum === undefined
      ? []
      : [`  momentum of step ${step}: ${moves(momentum)} (it rises to 1 at the new end)`])
  ]
}

const meanings = {
  constant: "the schedule is constant: a longer run changes nothing",
  step: "the milestones stay where they are",
  cosine: "the cosine now ends at the new end"
} as const

const moves = ({ before, now }: { readonly before: number; readonly now: number }): string =>
  before === now ? `${short(now)} as before` : `was ${short(before)} and is ${short(now)}`

const short = (value: number): string => String(Number(value.toPrecision(4)))
