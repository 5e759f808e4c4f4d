import { type CheckpointEvery, defaultEvery } from "@moco/train/Checkpoints"
import { ConfigInvalid } from "@moco/train/RunConfig"
import { Effect, Option } from "effect"

const units = {
  step: "steps",
  steps: "steps",
  epoch: "epochs",
  epochs: "epochs",
  second: "seconds",
  seconds: "seconds",
  minute: "minutes",
  minutes: "minutes"
} as const

/** Beyond these no run goes, so that a checkpoint would never be due; times are exact up to there. */
const most = { steps: 1e9, epochs: 1e6, seconds: 1e9, minutes: 1e7 } as const

/** `500steps`, `1epoch,2minutes`, `never`. */
export const parseEvery = Effect.fnUntraced(function* (flag: Option.Option<string>) {
  if (Option.isNone(flag)) return defaultEvery
  if (flag.value === "never") return {} satisfies CheckpointEvery
  let every: CheckpointEvery = {}
  for (const part of flag.value.split(",")) {
    const [, digits, word = ""] = /^\s*(\d+)\s*([a-z]+)\s*$/.exec(part) ?? []
    const count = Number(digits)
    if (!(count >= 1) || !Object.hasOwn(units, word)) {
      const problem = "is no count of steps, epochs, seconds or minutes"
      const hint = "write it like 500steps, 1epoch, 2minutes, or 1epoch,2minutes"
      return yield* new ConfigInvalid({
        problems: [{ path: "--checkpoint-every", value: part, problem, hint }]
      })
    }
    const unit = units[word as keyof typeof units]
    if (count > most[unit]) {
      const problem = `must be at most ${most[unit].toLocaleString("en")} ${unit}`
      const hint = "write never for no checkpoint but the one at the end"
      return yield* new ConfigInvalid({
        problems: [{ path: "--checkpoint-every", value: part, problem, hint }]
      })
    }
    every = unit === "minutes" ? { ...every, seconds: 60 * count } : { ...every, [unit]: count }
  }
  return every
})
