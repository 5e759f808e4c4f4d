import * as FashionMnist from "@moco/data/Dataset/FashionMnist"
import { cacheDirOf } from "@moco/native/cacheDir"
import type { RunConfig } from "@moco/train/RunConfig"
import { Effect, Option } from "effect"
import { FlagsInvalid } from "./FlagsInvalid.ts"

/** The folders that are searched for data sets: the user's `--data-dir`, or, where none was named, cache and system. */
export const dataDirsOf = Effect.fnUntraced(function* (dataDir: Option.Option<string>) {
  const cacheDir = cacheDirOf(process.platform, process.env)
  return yield* FashionMnist.defaultSearchDirs({
    dataDir: Option.getOrUndefined(dataDir),
    cacheDir
  })
})

/** Whether a config's images are read from a folder, and do not come with the repository. */
export const readsDataDir = ({ data }: Pick<RunConfig, "data">): boolean => data.name !== "fashion-mnist-10k"

/** Refuses a `--data-dir` that nothing would be read from: whoever names one means to train on what is in it. */
export const requireUsed = Effect.fnUntraced(function* (
  dataDir: Option.Option<string>,
  configs: ReadonlyArray<Pick<RunConfig, "data">>
) {
  if (Option.isNone(dataDir) || configs.some(readsDataDir)) return
  const names = [...new Set(configs.map(({ data }) => data.name))].join(" and ")
  return yield* new FlagsInvalid({
    flags: `--data-dir=${dataDir.value}`,
    problem: `nothing is read from it, for the images of ${names} (data.name) come with the repository`,
    hint: "leave --data-dir away, or choose images that are read from a folder, e.g. --recipe=fashionMnist"
  })
})
