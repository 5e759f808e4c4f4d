import type { RunConfig } from "@moco/train/RunConfig"
import { readsDataDir } from "@moco/train/RunConfig/images"
import { Effect, Option } from "effect"
import { FlagsInvalid } from "./FlagsInvalid.ts"

/** Refuses a `--data-dir` that nothing would be read from: whoever names one means to train on what is in it. */
export const requireUsed = Effect.fnUntraced(function* (
  dataDir: Option.Option<string>,
  configs: ReadonlyArray<Pick<RunConfig, "data">>
) {
  if (Option.isNone(dataDir) || configs.some(readsDataDir)) return
  const names = [...new Set(configs.map(({ data }) => data.name))].join(" and ")
  return yield* new FlagsInvalid({
    flags: `--data-dir=${dataDir.value}`,
    problem: `nothing is read from it, for the images of ${names} (data.name) are in no folder of yours`,
    hint: "leave --data-dir away, or choose images that are read from a folder, e.g. --recipe=fashionMnist"
  })
})
